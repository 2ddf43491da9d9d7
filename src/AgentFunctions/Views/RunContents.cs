using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Views;

/// <summary>Reads what a run has made: its plan, its answer, its files.</summary>
internal sealed class RunContents(Transcript transcript, ArtifactStore artifacts, PlanStore plans)
{
    /// <summary>Gets the plan of a run.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<PlanItem>> PlanAsync(string runId, CancellationToken cancellationToken) =>
        await plans.GetAsync(runId, cancellationToken).ConfigureAwait(false);

    /// <summary>Gets the result of a run that has ended; <see langword="null"/> if it said nothing and has no files.</summary>
    /// <param name="run">The run.</param>
    /// <param name="progress">How far it came.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<RunResult?> ResultAsync(Run run, RunState? progress, CancellationToken cancellationToken)
    {
        long from = progress?.Context.From ?? 0;
        string? text = null;
        string? reason = null;
        await foreach (TranscriptEntry entry in transcript.ReadAsync(run.Id, from, null, cancellationToken).ConfigureAwait(false))
        {
            if (entry.Turn > 0 && entry.Message.Role == ChatRole.Assistant && entry.Message.Text is { Length: > 0 } said)
            {
                (text, reason) = (said, entry.FinishReason);
            }
        }

        IReadOnlyList<Artifact> files = await artifacts.ListAsync(run.Id, cancellationToken).ConfigureAwait(false);
        string[] notes = [.. new[] { RunResult.NoteFor(reason), progress is null
            ? null
            : SwarmNote.Of(progress) }.OfType<string>()];
        return text is null && files.Count == 0 ? null : new RunResult(text ?? "", [.. files.Select(file => file.Name)])
        {
            FinishReason = reason,
            Note = notes.Length == 0 ? null : string.Join(' ', notes),
        };
    }
}
