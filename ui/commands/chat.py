"""`pressmark chat`: the reading room in the browser."""

from __future__ import annotations

import argparse

from ui.arguments import Commands, add_asking, add_command

__all__ = ["add_parser", "run"]


def add_parser(commands: Commands[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """What can be typed."""
    parser = add_command(commands, "chat", "Ask in the browser.")
    add_asking(parser)
    parser.add_argument("--host", metavar="ADDRESS", default="127.0.0.1", help="default: 127.0.0.1")
    parser.add_argument("--port", metavar="N", type=int, default=7860, help="default: 7860")
    parser.add_argument("--no-browser", action="store_true", help="do not open the browser")
    parser.add_argument(
        "--auth", metavar="USER:PASSWORD", help="ask for a sign-in; or a file that holds it"
    )
    parser.add_argument(
        "--insecure", action="store_true", help="serve others without a sign-in, knowingly"
    )
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Serve the chat until Ctrl-C."""
    from importlib.metadata import version

    from ui.chat.launch import check_host, launch, parse_auth
    from ui.chat.library import IndexLibrary
    from ui.chat.uploads import UPLOADS_FOLDER
    from ui.console import ANSWERED, settings_of
    from ui.wiring import cached_engine, open_engine, open_index

    settings = settings_of(arguments)
    auth = parse_auth(arguments.auth) if arguments.auth else None
    # Before models are loaded: may this address be served at all?
    check_host(arguments.host, auth, insecure=arguments.insecure)
    max_file_bytes = settings.max_bytes
    with open_index(settings) as index:
        launch(
            cached_engine(settings, index, open_engine(settings, index)),
            IndexLibrary(
                index,
                settings.index / UPLOADS_FOLDER,
                max_file_bytes=max_file_bytes,
                limits=settings,
            ),
            settings.index,
            host=arguments.host,
            port=arguments.port,
            auth=auth,
            insecure=arguments.insecure,
            browser=not arguments.no_browser,
            max_file_bytes=max_file_bytes,
            versions={"pressmark": version("pressmark"), "embedder": index.embedder.name},
        )
    return ANSWERED
