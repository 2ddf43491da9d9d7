using AgentFunctions.Records;

namespace AgentFunctions.AgentFramework.AIAgents;

/// <summary>
/// Finds what a caller was not told of an earlier answer because it stopped waiting: the answer to its next message begins behind
/// the end of that.
/// </summary>
/// <param name="journal">Where what happened in runs is read.</param>
internal sealed class EarlierAnswers(Journal journal)
{
    /// <summary>Gets the place from which a message is answered.</summary>
    /// <param name="run">The run.</param>
    /// <param name="from">Up to where the caller was told.</param>
    /// <param name="text">The message.</param>
    /// <param name="length">
    /// The length of the journal before it was sent. If it is not behind that, it was sent before, by a caller that repeats itself.
    /// </param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public async Task<RunPlace> BehindAsync(
        string run, RunPlace from, string text, long length, CancellationToken cancellationToken)
    {
        RunPlace behind = from;
        RunPlace? repeated = null;
        await foreach ((long position, JournalEvent e) in journal.ReadAsync(run, from.At, null, cancellationToken)
            .ConfigureAwait(false))
        {
            if (e.Type == JournalEventTypes.RunEnded)
            {
                behind = new RunPlace(position + 1);
            }
            else if (e.Type == JournalEventTypes.MessageReceived)
            {
                if (position >= length)
                {
                    return behind;
                }

                repeated ??= e.Text == text ? behind : null;
            }
        }

        return repeated ?? from;
    }
}
