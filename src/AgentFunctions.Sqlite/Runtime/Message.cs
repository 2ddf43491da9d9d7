using System.Text.Json;
using AgentFunctions.Durability;

namespace AgentFunctions.Sqlite.Runtime;

/// <summary>Something that happened to an instance and that its next turn takes in.</summary>
internal sealed class Message
{
    /// <summary>Gets what happened; <see langword="null"/> for the first turn's cue.</summary>
    public HistoryEvent? Event { get; init; }

    /// <summary>Gets the execution that asked for it; <see langword="null"/> for any.</summary>
    public Guid? Execution { get; init; }

    /// <summary>For <see cref="TimerFired"/>: when it was due, which tells a stale one.</summary>
    public DateTimeOffset? FireAt { get; init; }

    /// <summary>For <see cref="ExecutionTerminated"/>: whether the sub-orchestrations end too.</summary>
    public bool IsRecursive { get; init; }

    /// <summary>Why the instance cannot go on, where that is what is to be said.</summary>
    public AgentException? Verdict { get; init; }

    /// <summary>Gets the row of the inbox that keeps it until it is recorded; 0 for none.</summary>
    public long InboxPosition { get; init; }

    /// <summary>Gets the state to begin from, where the sender knows it.</summary>
    public InstanceRow? Fresh { get; init; }

    /// <summary>
    /// Gets the writes that come before it: it is recorded only if they are; <see langword="null"/> if there are none.
    /// </summary>
    public StepWrites? LastWrites { get; init; }

    /// <summary>Whom to tell that it is recorded; who is told of a failure repeats the call, so it is not kept then.</summary>
    public TaskCompletionSource? Ack { get; init; }
}

/// <summary>A message as it lies in the inbox.</summary>
/// <param name="Event">What happened.</param>
/// <param name="Execution">The execution that asked for it.</param>
/// <param name="IsRecursive">For a termination: whether the sub-orchestrations end too.</param>
internal sealed record InboxMessage(HistoryEvent Event, Guid? Execution = null, bool IsRecursive = false)
{
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, DurableJson.Options);

    /// <summary>Reads a row. One that is damaged ends its receiver, which cannot know what it missed.</summary>
    /// <param name="position">The row.</param>
    /// <param name="bytes">Its content.</param>
    public static Message Read(long position, ReadOnlySpan<byte> bytes)
    {
        try
        {
            InboxMessage message = JsonSerializer.Deserialize<InboxMessage>(bytes, DurableJson.Options)
                ?? throw new JsonException("It is null.");
            return message.ToMessage(position);
        }
        catch (Exception error) when (error is JsonException or NotSupportedException)
        {
            return new Message
            {
                InboxPosition = position,
                Verdict = new AgentException(ErrorCode.DataFileUnusable, $"A message to the instance is damaged: {error.Message}",
                    error),
            };
        }
    }

    public Message ToMessage(long position) => new()
    {
        Event = Event,
        Execution = Execution,
        IsRecursive = IsRecursive,
        InboxPosition = position,
    };
}
