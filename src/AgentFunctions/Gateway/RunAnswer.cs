using AgentFunctions.Runs;

namespace AgentFunctions.Gateway;

/// <summary>Represents the outcome of a run that an orchestrator started.</summary>
/// <param name="RunId">The id of the run, which its events, transcript and artifacts are stored under.</param>
/// <param name="Status">The final status.</param>
/// <param name="Text">The answer of the agent; empty if there is none.</param>
/// <param name="Artifacts">The names of the files that the run produced.</param>
/// <param name="Error">The reason why the run failed or was stopped; <see langword="null"/> if it completed.</param>
public sealed record RunAnswer(string RunId, RunStatus Status, string Text, IReadOnlyList<string> Artifacts,
    string? Error = null);
