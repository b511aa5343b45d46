"""The texts that parity is judged over: 64 prompts, and 136 more strings that tokenizers are known to stumble over.

All are in Unicode's composed form (NFC): Qwen2's tokenizer composes what it reads and llama.cpp does not, so a
decomposed text has other tokens in both, whatever the file (llama.cpp's `llama-vocab.cpp` normalises no BPE text).
"""

from __future__ import annotations

_OPENINGS = (
    "Hello",
    "Good morning. How are you",
    "What is your name",
    "My name is",
    "I remember that",
    "Yesterday we spoke about",
    "The capital of France is",
    "Two and two make",
    "Water boils at",
    "If all cats are animals, then",
    "Tell me about yourself",
    "I do not know",
    "Who are you",
    "You are SAGE, a small language model.",
    "The difference between a fact and an opinion is",
    "Please repeat after me:",
)
_GOING_ON = (
    "{}",
    "{}, and then the story goes on with a long journey over the hills.",
    "<|im_start|>system\nYou are a pupil.<|im_end|>\n<|im_start|>user\n{}?<|im_end|>\n<|im_start|>assistant\n",
    "Question: {}?\nAnswer:",
)
PROMPTS: tuple[str, ...] = tuple(frame.format(opening) for frame in _GOING_ON for opening in _OPENINGS)

_ODD = (
    "don't won't I'LL we've they'd IT'S",
    "CamelCaseAndsnake_case-and-kebab",
    "1234567890 3.14159 1,000,000 0x7F 1e-6",
    "  two spaces",
    "tab\there",
    "line\nbreak",
    "cr\r\nlf",
    "trailing   ",
    "\n\n\n",
    "   \n  \t \n",
    "a\u00a0b",
    "Ünïcödé ß ẞ",
    "Zażółć gęślą jaźń",
    "Привет, мир",
    "Ελληνικά",
    "עברית",
    "العربية",
    "हिन्दी में",
    "日本語のテキスト",
    "中文字符，标点。",
    "한국어 문장",
    "ไทย",
    "emoji 😀👍🏽👩‍👩‍👧",
    "🇩🇪🇫🇷",
    "∑ x² ≠ √π ∞",
    "“quotes” ‘and’ – dashes — …",
    '{"json": [1, null]}',
    "def f(x):\n    return x ** 2",
    "<b>html</b> &amp;",
    "https://example.org/a?b=c&d=%20",
    "!!!???...,,,;;;",
    "<|im_start|>",
    "<|im_end|>\n",
    "<|not a token|>",
)
_PLACES = ("@", " @", "word @ word", "@@")
STRINGS: tuple[str, ...] = PROMPTS + tuple(place.replace("@", odd) for place in _PLACES for odd in _ODD)
