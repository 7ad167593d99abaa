"""playlists of the wall's faces, and how each screen scales the picture."""

import sqlalchemy as sa
from alembic import op

from backend.models.base import UtcTime

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
SEEN = '最近一次记下的心跳；没有变化时最多每 {} 秒记一次'


def upgrade() -> None:
    op.create_table(
        'screen_playlist',
        sa.Column('id', ID, nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('items', sa.JSON(), nullable=False, comment='依次显示的画面：face seconds weekdays from to'),
        sa.Column('changed_by', sa.Text(), nullable=False),
        sa.Column('changed_at', UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_screen_playlist')),
        sa.UniqueConstraint('name', name=op.f('uq_screen_playlist_name')),
    )
    with op.batch_alter_table('wall_screen') as screens:
        screens.add_column(sa.Column('face', sa.String(20), server_default='', nullable=False, comment='正在显示哪个画面，由屏幕报告'))
        screens.add_column(sa.Column('scale_shown', sa.String(8), server_default='fit', nullable=False, comment='实际的缩放方式，由屏幕报告'))
        screens.add_column(sa.Column('playlist_id', ID, comment='空为不轮播'))
        screens.add_column(sa.Column('scale', sa.String(8), server_default='fit', nullable=False, comment='缩放方式：fit width stretch none'))
        screens.create_foreign_key(op.f('fk_wall_screen_playlist_id'), 'screen_playlist', ['playlist_id'], ['id'])
        screens.alter_column('seen_at', existing_type=UtcTime(), existing_nullable=False, comment=SEEN.format(3), existing_comment=SEEN.format(20))


def downgrade() -> None:
    with op.batch_alter_table('wall_screen') as screens:
        screens.alter_column('seen_at', existing_type=UtcTime(), existing_nullable=False, comment=SEEN.format(20), existing_comment=SEEN.format(3))
        screens.drop_constraint(op.f('fk_wall_screen_playlist_id'), type_='foreignkey')
        for name in ('scale', 'playlist_id', 'scale_shown', 'face'):
            screens.drop_column(name)
    op.drop_table('screen_playlist')
