"""Pressmark from Python: an engine in three lines, and as a tool of a llama-index agent."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from llama_index.core.agent.workflow import ReActAgent
from llama_index.core.tools import QueryEngineTool

from rag.engine import Engine
from tests.fakes import QueueLLM
from tests.serving import REGRET, REPLY


def test_an_engine_is_opened_in_three_lines(
    seed_folder: Path, fake: QueueLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.opening.load_llm", lambda _: fake)
    fake.enqueue(REPLY)

    from rag import open_engine

    engine = open_engine(seed_folder, bar="eager")
    answer = engine.ask(REGRET)

    assert answer.text == REPLY
    assert answer.citations[0].evidence.text.startswith("Putin on Thursday expressed")
    engine.retriever.index.close()
    with pytest.raises(TypeError, match="no setting 'colour'"):
        open_engine(seed_folder, colour="blue")


# llama-index's workflows look at what pydantic has deprecated.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_engine_is_a_tool_of_a_llama_index_agent(engine: Engine, fake: QueueLLM) -> None:
    agents_model = QueueLLM()
    agents_model.enqueue(
        f'Thought: The articles may say.\nAction: articles\nAction Input: {{"input": "{REGRET}"}}',
        "Thought: I can answer.\nAnswer: It was 34.",
    )
    fake.enqueue(REPLY)
    tool = QueryEngineTool.from_defaults(
        engine, name="articles", description="Answers from the user's own articles."
    )
    agent = ReActAgent(tools=[tool], llm=agents_model, streaming=False)

    async def ask() -> str:
        return str(await agent.run("How many were killed?"))

    assert asyncio.run(ask()) == "It was 34."
    # The agent read what Pressmark answered.
    assert REPLY in agents_model.prompts[1]
    assert len(fake.prompts) == 1
