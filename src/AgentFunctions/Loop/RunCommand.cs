using AgentFunctions.Budgets;

namespace AgentFunctions.Loop;

/// <summary>What somebody asks of a live run; it comes as the external event <see cref="EventName"/>.</summary>
/// <param name="By">Who asks.</param>
internal sealed record RunCommand(string By)
{
    /// <summary>The name of the event.</summary>
    public const string EventName = "command";

    /// <summary>Gets whether the run shall end.</summary>
    public bool Cancel { get; init; }

    /// <summary>Why.</summary>
    public string? Reason { get; init; }

    /// <summary>Gets how many messages the run's inbox has; the messages themselves are in its log.</summary>
    public long? Inbox { get; init; }

    /// <summary>Gets the size of the message that was added, in bytes (UTF-8).</summary>
    public long InboxBytes { get; init; }

    /// <summary>Gets what may be spent on top.</summary>
    public Budget? Grant { get; init; }

    /// <summary>
    /// Gets the sub-agent at work that was given more time, so that it is not given up before; <see langword="null"/> where the
    /// command is for the run itself.
    /// </summary>
    public string? Child { get; init; }

    /// <summary>Gets how much more time the sub-agent has.</summary>
    public TimeSpan? ChildTime { get; init; }

    /// <summary>What begins the key of a command that nobody sends again.</summary>
    public const string Once = "once:";

    /// <summary>
    /// Gets what the command is known by, so that one that is sent again is heard once; <see langword="null"/> if it is sent
    /// once.
    /// </summary>
    public string? Key { get; init; }
}
