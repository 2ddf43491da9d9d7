using AgentFunctions.Durability;

namespace AgentFunctions.Sqlite.Runtime;

/// <summary>What a turn took in that could not be recorded.</summary>
/// <param name="Kept">What the next turn takes in.</param>
/// <param name="Lost">Results of steps whose last writes are not written.</param>
internal sealed record UnrecordedTurn(List<Message> Kept, List<Message> Lost)
{
    /// <summary>Sorts the messages, and tells those who wait for one that is not kept.</summary>
    /// <param name="messages">What the turn took in.</param>
    /// <param name="error">Why it is not recorded.</param>
    public static UnrecordedTurn Of(List<Message> messages, AgentException error)
    {
        var turn = new UnrecordedTurn([], messages.FindAll(static message => message.LastWrites is { IsLost: true }));
        foreach (Message message in messages)
        {
            // Beside a step whose writes failed, nothing is wrong with the others. Elsewhere whoever waits is told, and may repeat the
            // call; so the message itself is not kept.
            if (message.Ack is { } ack && turn.Lost.Count == 0)
            {
                ack.TrySetException(error);
            }
            else if (!turn.Lost.Contains(message))
            {
                turn.Kept.Add(message);
            }
        }

        return turn;
    }

    /// <summary>Waits until it is known what became of a step.</summary>
    /// <param name="step">One of <see cref="Lost"/>.</param>
    /// <param name="time">The clock.</param>
    /// <returns>
    /// Its failure; <see langword="null"/> if what it wrote was there already, so that another delivery of it reads that.
    /// </returns>
    public static async Task<Message?> SettleAsync(Message step, TimeProvider time) =>
        await step.LastWrites!.SettleAsync().ConfigureAwait(false) is not { } error ? null : new Message
        {
            Event = new TaskFailed(time.GetUtcNow(), ((TaskCompleted)step.Event!).TaskId, FailureDetails.FromException(error)),
            Execution = step.Execution,
        };
}
