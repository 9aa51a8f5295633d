"""The settings of `config.py` in Chinese, by variable: what the Chinese README's table is written from.

A setting without a line here fails `docs.generate`, and a line without a setting its test.
"""

from __future__ import annotations

KINDS = {"text": "文本", "secret": "密钥", "list, by commas": "列表，以逗号分隔", "absolute path": "绝对路径"}
MEANINGS = {
    "DATABASE_URL": "Web 进程使用的 PostgreSQL 18（角色 `houqin_web`）",
    "REDIS_URL": "用于队列和限流的 Valkey 或 Redis，随时可以清空；哨兵：`redis+sentinel://主机:端口,主机:端口/名称`",
    "SECRET_KEY": "为 Cookie 和链接签名；生产环境须为 32 个以上随机字符",
    "DATA_DIR": "上传的文件及其他状态；所有 Web 和 worker 节点共用一个",
    "HOUQIN_ENV": "`production` 拒绝不安全的设置；`demo` 显示演示账号",
    "BASE_URL": "用户访问的地址，用于邮件和二维码；生产环境须为 https",
    "WORKER_DATABASE_URL": "relay 和 worker 使用（`houqin_worker`）；未设置时用 DATABASE_URL",
    "OWNER_DATABASE_URL": "迁移和备份使用（`houqin_owner`）；不要放在 Web 节点上",
    "DIRECT_DATABASE_URL": "绕过连接池的地址，用于 LISTEN 和锁；未设置时用 worker 的地址",
    "REPORT_DATABASE_URL": "统计报表读取的数据库，例如只读备库（角色 `houqin_web`）；未设置时用 DATABASE_URL",
    "SECRET_KEY_FALLBACKS": "旧密钥，轮换期间仍然有效",
    "TRUSTED_HOSTS": "请求可以使用的主机名；生产环境必填",
    "PROXY_HOPS": "前面有几层反向代理，其 X-Forwarded 请求头可信",
    "WEBHOOK_NETWORKS": "Webhook 可以访问的内网，例如 `10.20.0.0/16`",
    "SMTP_URL": "`smtp://用户:密码@主机:587`、`smtps://…:465`；未设置时邮件只保留、不发出",
    "MAIL_FROM": "邮件的发件人",
    "DEFAULT_LOCALE": "用户和浏览器都未指定时使用的语言",
    "MAX_UPLOAD_MB": "带文件的请求的大小上限，MB",
    "MAX_JSON_KB": "JSON 或不带文件的表单的大小上限，KB",
    "BODY_TIMEOUT_S": "请求正文到时仍未收完，以 408 应答",
    "RATE_LIMITS": "限制每个令牌或会话的请求数、每人的报修数；登录失败次数始终受限",
    "LOG_LEVEL": "写入日志的最低级别",
    "METRICS_PORT": "Prometheus `/metrics` 的本机回环端口；0 表示不开启",
    "DB_POOL_SIZE": "每个 Web 进程的连接数：线程数加二",
    "DB_POOL_TIMEOUT_S": "等待空闲连接的时间，超过则应答 503",
    "DB_CONNECT_TIMEOUT_S": "PostgreSQL 接受连接的时限，秒",
    "DB_PREPARE_THRESHOLD": "语句执行多少次后由服务器保留为预备语句；0 表示从不，用于不支持的连接池",
    "APART_POOL_SIZE": "每个进程用于回滚后仍须保留的写入的连接数",
    "REDIS_TIMEOUT_S": "请求中等待 Valkey 的时间；没有它也可以提交报修",
    "DEMO_PASSWORD": "演示账号的密码；生产环境拒绝",
    "FLASK_DEBUG": "每次请求都重新读取模板；生产环境拒绝",
}
