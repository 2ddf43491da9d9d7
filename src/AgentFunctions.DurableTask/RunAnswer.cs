using AgentFunctions.Runs;

namespace AgentFunctions.DurableTask;

/// <summary>What came of a run that an orchestrator started.</summary>
/// <param name="RunId">The run; its events, transcript and artifacts are under this id.</param>
/// <param name="Status">How it ended.</param>
/// <param name="Text">The agent's answer; empty where there is none.</param>
/// <param name="Artifacts">The names of the files that it produced.</param>
/// <param name="Error">What stopped it short, in words.</param>
public sealed record RunAnswer(string RunId, RunStatus Status, string Text, IReadOnlyList<string> Artifacts, string? Error = null);
