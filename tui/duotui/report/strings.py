"""What a report says, in English and in Chinese."""

from collections.abc import Mapping

ENGLISH = {
    "title": "Baby LLaMA 2 on a Milk-V Duo",
    "mark": "mark", "rate": "tok/s (mean of {n} runs)", "same": "the same story as the baseline",
    "grammar": "if not, grammar errors (of the baseline)", "remark": "remarks",
    "yes": "yes, {n} of {n} runs", "no": "no, {same} of {n} runs; from token {first} on",
    "unknown": "not compared", "none": "-",
    "mean": "mean", "dropped": "dropped", "all": "mean of all", "median": "median",
    "deviation": "deviation", "rule": "The highest and the lowest are dropped where they stand "
    "apart: farther than 1.5 interquartile ranges outside the quartiles.",
    "void": "VOID", "early": "It ended early", "disturbed": "runs told again, because the board "
    "was lost in them",
    "correctness": "Is it the same story?", "agreement": "agreement with the reference, given the "
    "same words", "nats": "nats a token under the reference (baseline)",
    "deviation_of": "the board's own probabilities are off by at most, in nats",
    "doubt": "more than its mode may, from token {first} on",
    "mistakes": "grammar errors found by Harper (baseline)",
    "baseline": "baseline", "speech": "Speech, timed apart",
    "said": "{n} sentences in {heard:.1f} s, {prepared:.1f} s to prepare them",
    "roofline": "How near to the machine's limit", "bytes": "weights read a token",
    "bandwidth": "memory reads", "roof": "tok/s that this allows (reached)",
    "environment": "To do it again", "command": "command", "engine": "engine", "built": "built by",
    "model": "model",
    "machine": "machine", "image": "image", "kernel": "kernel", "memory": "memory",
    "swap": "swap", "off": "off", "clock": "clock", "slowed": "slowed down",
    "temperature": "temperature",
    "busy": "busy without us", "before": "before", "after": "after", "first": "first token",
    "runs": "Run by run", "run": "run", "speed": "tok/s",
    "faults": "major faults", "peak": "peak memory",
    "stories": "The two stories", "legend": "[+ the board's +] [- the baseline's -]",
    "story": "The story", "here": "mode reference on this computer",
}  # fmt: skip

CHINESE = {
    "title": "Milk-V Duo 上的 Baby LLaMA 2",
    "mark": "标记", "rate": "tok/s（{n} 次均值）", "same": "输出故事与基线是否一致",
    "grammar": "若不一致，语法错误数目（基线）", "remark": "备注",
    "yes": "一致，{n} 次中 {n} 次", "no": "不一致，{n} 次中 {same} 次一致；自第 {first} 个起不同",
    "unknown": "未比较", "none": "-",
    "mean": "均值", "dropped": "剔除", "all": "全部均值", "median": "中位数",
    "deviation": "标准差",
    "rule": "最高值和最低值若明显偏离（超出四分位数 1.5 倍四分位距）则剔除。",
    "void": "无效", "early": "提前结束", "disturbed": "次因连接中断而重跑",
    "correctness": "是否为同一个故事？", "agreement": "在相同前文下与参考模型一致的比例",
    "nats": "参考模型下每 token 的 nats（基线）",
    "deviation_of": "开发板自身概率与参考的最大偏差（nats）",
    "doubt": "自第 {first} 个 token 起超出该模式应有的范围",
    "mistakes": "Harper 发现的语法错误（基线）",
    "baseline": "基线", "speech": "语音（单独计时）",
    "said": "{n} 句，播放 {heard:.1f} 秒，准备 {prepared:.1f} 秒",
    "roofline": "与硬件上限的距离", "bytes": "每 token 读取的权重",
    "bandwidth": "内存读带宽", "roof": "由此可达的 tok/s（已达到）",
    "environment": "复现环境", "command": "命令", "engine": "引擎", "built": "编译",
    "model": "模型", "machine": "机器", "image": "系统镜像", "kernel": "内核", "memory": "内存",
    "swap": "交换分区", "off": "关闭", "clock": "主频", "slowed": "已降频", "temperature": "温度",
    "busy": "其他负载", "before": "之前", "after": "之后", "first": "首个 token",
    "runs": "逐次结果", "run": "次", "speed": "tok/s", "faults": "主缺页", "peak": "内存峰值",
    "stories": "两个故事", "legend": "[+ 开发板 +] [- 基线 -]",
    "story": "故事", "here": "本机的 reference 模式",
}  # fmt: skip

LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": ENGLISH, "zh": CHINESE}
