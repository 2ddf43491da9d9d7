namespace AgentFunctions.Governance.HumanTasks;

/// <summary>Represents a recorded task that waits for a person: an approval, or a question.</summary>
/// <typeparam name="TTask">The kind of task. It never changes: each method returns another one.</typeparam>
internal interface IHumanTask<TTask>
    where TTask : class, IHumanTask<TTask>
{
    /// <summary>Gets the id.</summary>
    string Id { get; }

    /// <summary>Gets the run that asks.</summary>
    string RunId { get; }

    /// <summary>Gets whether it still waits for somebody.</summary>
    bool IsPending { get; }

    /// <summary>Gets when it was asked (UTC).</summary>
    DateTimeOffset CreatedAt { get; }

    /// <summary>Gets when it expires (UTC).</summary>
    DateTimeOffset ExpiresAt { get; }

    /// <summary>Gets when people are told again, and when further ones are told.</summary>
    HumanTaskTimers Timers { get; }

    /// <summary>Gets how often people were told.</summary>
    int Reminders { get; }

    /// <summary>Gets when people are told again (UTC).</summary>
    DateTimeOffset RemindAt { get; }

    /// <summary>Gets when it went to further roles (UTC).</summary>
    DateTimeOffset? EscalatedAt { get; }

    /// <summary>Gets whom it was told to.</summary>
    IReadOnlyList<string> ToldTo { get; }

    /// <summary>Sets when people are told again.</summary>
    /// <param name="at">When (UTC).</param>
    TTask RemindedAt(DateTimeOffset at);

    /// <summary>Ends it, since nobody came in time.</summary>
    /// <param name="at">When (UTC).</param>
    TTask Expire(DateTimeOffset at);

    /// <summary>Ends it, since nobody is needed any more.</summary>
    TTask Withdraw();

    /// <summary>Notes where in the audit log its end can stand.</summary>
    /// <param name="auditFrom">The place before which it cannot.</param>
    TTask EndedAfter(long auditFrom);

    /// <summary>Lets further roles decide.</summary>
    /// <param name="at">When (UTC).</param>
    TTask Escalate(DateTimeOffset at);

    /// <summary>Notes attempts to tell people.</summary>
    /// <param name="deliveries">The attempts.</param>
    /// <param name="remindAt">When people are told again (UTC).</param>
    TTask Told(IReadOnlyList<HumanTaskDelivery> deliveries, DateTimeOffset remindAt);
}

/// <summary>Represents when people are told again, and when further ones are told.</summary>
/// <param name="Remind">The wait before the first reminder.</param>
/// <param name="EscalateAfter">The wait before further roles are told.</param>
internal readonly record struct HumanTaskTimers(TimeSpan Remind, TimeSpan EscalateAfter);

/// <summary>Represents one attempt to tell people.</summary>
/// <param name="To">Whom, or the channel.</param>
/// <param name="At">The time (UTC).</param>
/// <param name="Error">Why nobody was told, in words; <see langword="null"/> if it was delivered.</param>
internal sealed record HumanTaskDelivery(string To, DateTimeOffset At, string? Error = null)
{
    /// <summary>Says whom attempts reached, and whom not.</summary>
    /// <param name="told">The attempts.</param>
    public static string Describe(IReadOnlyList<HumanTaskDelivery> told) =>
        string.Join("; ", told.Select(static delivery => delivery.Error is null
            ? delivery.To
            : $"{delivery.To} not: {delivery.Error}"));
}
