"""The faces that the one wall can show, by key and by the name people read: the only place where they are declared."""

FACES = {"overview": "全景", "asia": "中亚走廊", "enterprises": "企业", "operations": "运行"}
