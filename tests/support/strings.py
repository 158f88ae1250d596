"""Words that no child should read."""

import re


def technical(text: str) -> set[str]:
    """Technical words in `text`, except the name of the key."""
    words = set(re.findall(r"[a-z]+", text.lower())) & set(TECHNICAL) - {"enter"}
    return words | {word for word in TECHNICAL_ZH if word in text}


TECHNICAL = re.findall(
    r"[a-z]+",
    """agent app application baud board button cable channel chip click code computer config connect
    connected connection crash data device disconnect download driver engine enter error exception
    exit failed failure fatal file firmware folder frame invalid link linux load loading login
    memory menu model network offline online option password path port process program prompt quit
    reboot reset restart retry screen seed serial server session setting settings shell signal
    software speech status system terminal timeout token tokens tty usb user version volume warning
    wifi""",
)


TECHNICAL_ZH = re.findall(
    r"\w+",
    """板 串口 端口 错误 出错 令牌 模型 引擎 电缆 数据 连接 断开 网络 文件 配置 设置 程序 软件
    系统 设备 驱动 内存 加载 下载 终端 屏幕 失败 警告 密码 重启 退出 菜单 点击 按钮 选项 命令
    版本 用户 服务器 离线 在线 参数 语音 音量 登录 异常 无效""",
)
