"""How a model's file wants the turns of a chat written."""

from __future__ import annotations

from typing import Any

__all__ = ["open_template"]

_CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
)
"""For a file that carries no template of its own."""


def open_template(api: Any, model: Any) -> Any:
    """What writes turns as a prompt that is open for the reply, by the file's own template.

    `api` is the `llama_cpp` module, `model` its loaded model.
    """
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    vocabulary = api.llama_model_get_vocab(model)
    template = api.llama_model_chat_template(model, None)

    def token(token_id: int) -> str:
        if token_id < 0:
            return ""
        return str(api.llama_vocab_get_text(vocabulary, token_id).decode())

    return Jinja2ChatFormatter(
        template.decode() if template else _CHATML,
        eos_token=token(api.llama_vocab_eos(vocabulary)),
        bos_token=token(api.llama_vocab_bos(vocabulary)),
    )
