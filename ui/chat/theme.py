"""Gradio's own widgets in the reading room's ink and paper."""

from __future__ import annotations

import gradio as gr

__all__ = ["make_theme"]


def make_theme() -> gr.themes.Base:
    """A theme whose colours are the variables of chat.css, in light and dark."""
    sans = ["Inter", "Segoe UI", "Helvetica Neue", "Liberation Sans", "Arial", "sans-serif"]
    theme = gr.themes.Base(font=sans, font_mono=["ui-monospace", "Consolas", "monospace"])
    colours = {
        "body_background_fill": "var(--paper)",
        "body_text_color": "var(--ink)",
        "body_text_color_subdued": "var(--faded)",
        "background_fill_primary": "var(--paper)",
        "background_fill_secondary": "var(--sheet)",
        "block_background_fill": "var(--sheet)",
        "block_border_color": "var(--rule)",
        "block_label_background_fill": "var(--sheet)",
        "block_label_text_color": "var(--faded)",
        "block_title_text_color": "var(--faded)",
        "border_color_primary": "var(--rule)",
        "border_color_accent": "var(--accent)",
        "color_accent_soft": "var(--sheet)",
        "input_background_fill": "var(--sheet)",
        "input_border_color": "var(--rule-strong)",
        "input_border_color_focus": "var(--accent)",
        "input_placeholder_color": "var(--faded)",
        "button_primary_background_fill": "var(--ink)",
        "button_primary_background_fill_hover": "var(--accent)",
        "button_primary_text_color": "var(--paper)",
        "button_secondary_background_fill": "transparent",
        "button_secondary_background_fill_hover": "var(--sheet)",
        "button_secondary_text_color": "var(--ink)",
        "button_secondary_border_color": "var(--rule-strong)",
        "link_text_color": "var(--accent)",
    }
    settings = {name: value for key, value in colours.items() for name in (key, f"{key}_dark")}
    settings["color_accent"] = "var(--accent)"
    return theme.set(**settings, block_shadow="none", block_radius="2px", input_radius="2px")
