namespace AgentFunctions.Live;

/// <summary>What is going on in a run at one moment: its state, not a change of it. Secrets are taken out of all of it.</summary>
public sealed record LiveFrame
{
    /// <summary>Gets the run.</summary>
    public required string RunId { get; init; }

    /// <summary>Gets the turn.</summary>
    public required int Turn { get; init; }

    /// <summary>Gets what the model has said so far; <see langword="null"/> in the frame of a tool.</summary>
    public LiveAnswer? Answer { get; init; }

    /// <summary>Gets what the tools of the turn said last of how far they are.</summary>
    public IReadOnlyList<LiveProgress> Progress { get; init; } = [];

    /// <summary>Gets the frame with the ends of its texts alone.</summary>
    /// <param name="most">The most UTF-16 units of each text.</param>
    internal LiveFrame Within(int most) => Answer is null ? this : this with
    {
        Answer = Answer with
        {
            Text = Answer.Text.Within(most),
            Reasoning = Answer.Reasoning.Within(most),
            Calls = [.. Answer.Calls.Select(call => call with { Arguments = call.Arguments.Within(most / 8) })],
        },
    };

    /// <summary>
    /// Joins a frame with the one before: a store keeps one frame a run. Of two calls of the model at the same time, the one that
    /// started later stands.
    /// </summary>
    /// <param name="before">The frame before; <see langword="null"/> for none.</param>
    /// <returns>The joint frame; <paramref name="before"/> itself if nothing is new.</returns>
    public LiveFrame After(LiveFrame? before)
    {
        if (before is null || before.RunId != RunId || Turn > before.Turn)
        {
            return this;
        }

        if (Turn < before.Turn)
        {
            return before;
        }

        LiveAnswer? answer = Answer is null ? before.Answer : Answer.After(before.Answer);
        return answer == before.Answer && Progress.All(before.Progress.Contains)
            ? before
            : this with
            {
                Answer = answer,
                Progress = [.. before.Progress.Where(old => Progress.All(now => now.Call != old.Call)), .. Progress],
            };
    }
}

/// <summary>An answer of a model that is under way.</summary>
public sealed record LiveAnswer
{
    /// <summary>Gets what tells this call of the model from every other one.</summary>
    public required string Delivery { get; init; }

    /// <summary>Gets when the call began (UTC).</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Gets the model's name.</summary>
    public required string Model { get; init; }

    /// <summary>Gets how often the turn's answer was begun, as far as that was seen; from 1.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>
    /// Gets how the previous answer of this turn ended; <see langword="null"/> if it was not seen to end, or there was none.
    /// </summary>
    public LiveEnd? Before { get; init; }

    /// <summary>Gets how often what was shown had to be taken back and is said anew.</summary>
    public int Revision { get; init; }

    /// <summary>
    /// Gets why it is said anew: <c>redaction</c> if a secret became known meanwhile, <c>thoughts</c> if words turned out to be
    /// thoughts.
    /// </summary>
    public string? RevisedFor { get; init; }

    /// <summary>Gets the text.</summary>
    public LiveSpan Text { get; init; } = LiveSpan.Empty;

    /// <summary>Gets what the model thought.</summary>
    public LiveSpan Reasoning { get; init; } = LiveSpan.Empty;

    /// <summary>Gets the calls of tools that it asks for, in their order.</summary>
    public IReadOnlyList<LiveCall> Calls { get; init; } = [];

    /// <summary>Gets how it ended; <see langword="null"/> while it is under way.</summary>
    public LiveEnd? Ended { get; init; }

    /// <summary>Gets whether anything has come.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool HasBegun => Text.End > 0 || Reasoning.End > 0 || Calls.Count > 0;

    internal LiveAnswer After(LiveAnswer? before) =>
        before is null ? this
        : before.Delivery == Delivery ? this with { Attempt = before.Attempt, Before = before.Before }
        : IsEarlier(before) ? before
        : this with { Attempt = before.Attempt + 1, Before = before.Ended };

    private bool IsEarlier(LiveAnswer than) =>
        StartedAt < than.StartedAt || (StartedAt == than.StartedAt && string.CompareOrdinal(Delivery, than.Delivery) < 0);
}

/// <summary>How a call of a model ended.</summary>
public enum LiveEnd
{
    /// <summary>The answer is whole.</summary>
    Completed,

    /// <summary>It was cut off; it is asked for again, or the run ends.</summary>
    CutOff,
}

/// <summary>The end of a text that grows.</summary>
/// <param name="From">How many UTF-16 units stand before it.</param>
/// <param name="Text">The text from there on.</param>
public sealed record LiveSpan(long From, string Text)
{
    /// <summary>No text.</summary>
    public static readonly LiveSpan Empty = new(0, "");

    /// <summary>Gets the length of the whole text, in UTF-16 units.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public long End => From + Text.Length;

    /// <summary>Gets the end of it.</summary>
    /// <param name="most">The most UTF-16 units.</param>
    internal LiveSpan Within(int most)
    {
        int over = Text.Length - most;
        over += over > 0 && char.IsLowSurrogate(Text[over]) ? 1 : 0;
        return over <= 0 ? this : new LiveSpan(From + over, Text[over..]);
    }
}

/// <summary>A call that a model is asking for.</summary>
/// <param name="Call">Its number within the turn, from 0.</param>
/// <param name="Tool">The tool.</param>
/// <param name="Arguments">Its arguments, JSON that need not be whole yet.</param>
public sealed record LiveCall(int Call, string Tool, LiveSpan Arguments);

/// <summary>What a tool at work says of how far it is.</summary>
/// <param name="Call">The number of the call within the turn, from 0.</param>
/// <param name="Tool">The tool.</param>
/// <param name="Text">In words.</param>
/// <param name="At">When it said so (UTC).</param>
public sealed record LiveProgress(int Call, string Tool, string Text, DateTimeOffset At);
