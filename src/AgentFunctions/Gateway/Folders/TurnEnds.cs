using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Snapshots;

namespace AgentFunctions.Gateway.Folders;

/// <summary>Finds where in the log of a folder a turn of a run ends.</summary>
internal sealed class TurnEnds(Transcript transcript)
{
    /// <summary>Gets how many entries had happened when a turn was over.</summary>
    public async Task<int> OfAsync(FolderHistory history, RunRecord run, int turn, CancellationToken cancellationToken)
    {
        if (run.OwnOrigin is { } origin && turn < origin.Turn)
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                $"turn: run '{run.Id}' began after turn {origin.Turn} of run '{origin.Run}'; "
                + $"use {origin.Turn} or above, or go back in that run.");
        }

        return history.EndOf(run.Id, turn, await NextAsync(run.Id, turn, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Gets when the turn after a turn began (UTC); <see langword="null"/> if there was none.</summary>
    public async Task<DateTimeOffset?> NextAsync(string runId, int turn, CancellationToken cancellationToken)
    {
        await foreach (TranscriptEntry entry in transcript.ReadAsync(runId, 0, null, cancellationToken).ConfigureAwait(false))
        {
            if (entry.Turn > turn && entry.Source == TranscriptOrigin.Model)
            {
                return entry.At;
            }
        }

        return null;
    }
}
