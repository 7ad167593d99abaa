"""the inventory of wall screens."""

import sqlalchemy as sa
from alembic import op

from backend.models.base import UtcTime

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table(
        'wall_screen',
        sa.Column('id', ID, autoincrement=False, nullable=False, comment='屏幕令牌的编号'),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('place', sa.Text(), server_default='', nullable=False, comment='挂在哪里'),
        sa.Column('first_seen_at', UtcTime(), nullable=False),
        sa.Column('seen_at', UtcTime(), nullable=False, comment='最近一次记下的心跳；没有变化时最多每 20 秒记一次'),
        sa.Column('address', sa.String(64)),
        sa.Column('size', sa.String(11), nullable=False, comment='画面的像素，如 1920x1080'),
        sa.Column('text_share', sa.Float(), comment='最小的字占画面高度的比例，由屏幕报告'),
        sa.Column('build', sa.String(16), server_default='', nullable=False, comment='屏幕所用程序的版本标记'),
        sa.Column('view', sa.String(120), server_default='', nullable=False, comment='屏幕打开的地址'),
        sa.Column('generation', sa.String(64), comment='屏幕上的数字属于哪一代'),
        sa.Column('as_of', UtcTime(), comment='屏幕上写的数据截至时间'),
        sa.Column('frame_hash', sa.String(80), comment='屏幕上全部数字的摘要，前缀是算法'),
        sa.Column('first_hash', sa.String(80), comment='这一代第一次报告的摘要'),
        sa.Column('odd_beats', sa.Integer(), server_default='0', nullable=False, comment='连续多少次心跳与第一次报告的不同'),
        sa.Column('wanted', sa.JSON(), comment='最近一次要它做的事：kind number text seconds asked_by asked_at'),
        sa.Column('done_number', sa.Integer(), server_default='0', nullable=False, comment='它已领走的最大的编号'),
        sa.Column('height_m', sa.Float(), comment='画面高度，米'),
        sa.Column('distance_m', sa.Float(), comment='最远的观众离屏多远，米'),
        sa.Column('enabled', sa.Boolean(), nullable=False, comment='失联是否告警'),
        sa.ForeignKeyConstraint(['id'], ['access_token.id'], name=op.f('fk_wall_screen_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_wall_screen')),
    )
    op.create_index('ix_wall_screen_seen_at', 'wall_screen', ['seen_at'])


def downgrade() -> None:
    op.drop_table('wall_screen')
