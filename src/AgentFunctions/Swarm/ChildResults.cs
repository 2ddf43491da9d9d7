using System.Text;
using System.Text.Json;
using AgentFunctions.Activities;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Swarm;

/// <summary>What sub-agents have to say to their lead: bounded, with a reference to the whole.</summary>
internal sealed class ChildResults(Transcript transcript, ArtifactStore artifacts)
{
    /// <summary>The result of a sub-agent that has ended, in words for its lead.</summary>
    /// <param name="run">The sub-agent.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="maxBytes">The most bytes (UTF-8).</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<string> SumUpAsync(RunRecord run, RunOutcome outcome, int maxBytes, CancellationToken cancellationToken)
    {
        string answer = await LastWordsAsync(run.Id, outcome.State.Context, cancellationToken).ConfigureAwait(false);
        string how = outcome.Status == RunStatus.Completed
            ? ""
            : $"[This sub-agent ended as {JsonNamingPolicy.CamelCase.ConvertName(outcome.Status.ToString())}: {outcome.Message ?? outcome.Code} "
                + $"{(answer.Length == 0 ? "It said nothing." : "What it said last:")}]\n";
        IReadOnlyList<Artifact> files = await artifacts.ListAsync(run.Id, cancellationToken).ConfigureAwait(false);
        string made = files.Count == 0 ? "" : $"\n[Artifacts of {run.Id}: {string.Join(", ", files.Take(20).Select(static file => file.Name))}{(files.Count > 20 ? " and more" : "")}]";
        return Preview.OfBytes(how + answer, Math.Max(0, maxBytes - Encoding.UTF8.GetByteCount(made)), $"\n… [cut; the whole answer is in the transcript of run {run.Id}]") + made;
    }

    private async Task<string> LastWordsAsync(string runId, ContextRef context, CancellationToken cancellationToken)
    {
        TranscriptWindow window = await transcript.ReadWindowAsync(runId, context, cancellationToken).ConfigureAwait(false);
        return window.Entries.LastOrDefault(static entry => entry.Message is { Role: var role, Text.Length: > 0 } && role == ChatRole.Assistant)?.Message.Text ?? "";
    }
}
