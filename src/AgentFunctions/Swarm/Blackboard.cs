using System.Text.Json;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;

namespace AgentFunctions.Swarm;

/// <summary>A note on a blackboard.</summary>
/// <param name="Key">The call that wrote it.</param>
/// <param name="By">The run that wrote it.</param>
/// <param name="Text">The note.</param>
/// <param name="At">The time (UTC).</param>
internal sealed record BoardNote(string Key, string By, string Text, DateTimeOffset At);

/// <summary>The notes that the runs of a tree leave for each other: a log per tree, only ever added to, and bounded.</summary>
internal sealed class Blackboard(ILogStore logs, RunStore runs, RunLineage lineage, TimeProvider time)
{
    /// <summary>The most notes of a tree.</summary>
    public const int MaxNotes = 1_000;

    /// <summary>Adds a note; the same call again adds nothing.</summary>
    /// <returns>The note's number, from 0.</returns>
    /// <exception cref="AgentException"><see cref="ErrorCode.SwarmBoundReached"/>: the board is full.</exception>
    public async Task<long> AddAsync(string runId, string key, string text, CancellationToken cancellationToken)
    {
        string stream = await StreamOfAsync(runId, cancellationToken).ConfigureAwait(false);
        var note = new BoardNote(key, runId, text, time.GetUtcNow());
        byte[] data = JsonSerializer.SerializeToUtf8Bytes(note, SwarmJsonContext.Default.BoardNote);
        long end = 0;
        while (true)
        {
            await foreach ((long number, BoardNote written) in NotesAsync(stream, end, null, cancellationToken)
                .ConfigureAwait(false))
            {
                if (written.Key == key)
                {
                    return number;
                }

                end = number + 1;
            }

            if (end >= MaxNotes)
            {
                throw new AgentException(ErrorCode.SwarmBoundReached,
                    $"The blackboard is full: it has {MaxNotes} notes. Say it in your answer instead.");
            }

            try
            {
                return await logs.AppendAsync(stream, [data], end, cancellationToken).ConfigureAwait(false);
            }
            catch (AgentException e) when (e.Code == ErrorCode.PositionConflict)
            {
                // Somebody else was faster: look at what they wrote, then again.
            }
        }
    }

    /// <summary>The notes from a number on.</summary>
    public async Task<IReadOnlyList<(long Number, BoardNote Note)>> ReadAsync(string runId, long from, int most,
        CancellationToken cancellationToken)
    {
        string stream = await StreamOfAsync(runId, cancellationToken).ConfigureAwait(false);
        var notes = new List<(long, BoardNote)>();
        await foreach ((long number, BoardNote note) in NotesAsync(stream, from, most, cancellationToken).ConfigureAwait(false))
        {
            notes.Add((number, note));
        }

        return notes;
    }

    private async IAsyncEnumerable<(long Number, BoardNote Note)> NotesAsync(
        string stream, long from, int? most,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (LogEntry entry in logs.ReadAsync(stream, from, most, cancellationToken).ConfigureAwait(false))
        {
            yield return (entry.Position, JsonSerializer.Deserialize(entry.Data.Span, SwarmJsonContext.Default.BoardNote)!);
        }
    }

    private async Task<string> StreamOfAsync(string runId, CancellationToken cancellationToken)
    {
        RunRecord run = await runs.GetAsync(runId, cancellationToken).ConfigureAwait(false);
        return $"boards/{(await lineage.OfAsync(run, cancellationToken).ConfigureAwait(false)).Root.Id}";
    }
}
