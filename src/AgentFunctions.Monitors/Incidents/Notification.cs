using System.Text.Json.Serialization;

namespace AgentFunctions.Monitors.Incidents;

/// <summary>Why people are told.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<NotificationKind>))]
public enum NotificationKind
{
    /// <summary>An incident opened.</summary>
    Opened,

    /// <summary>It opened again.</summary>
    Reopened,

    /// <summary>Nobody has taken it up; the next ones are told.</summary>
    Escalated,

    /// <summary>It is still open.</summary>
    Reminder,

    /// <summary>It is over.</summary>
    Resolved,
}

/// <summary>What people are told of an incident. The same at every attempt to deliver it.</summary>
public sealed record Notification
{
    /// <summary>Gets the id: incident, opening and number. With the channel it is the idempotency key.</summary>
    public required string Id { get; init; }

    /// <summary>Why.</summary>
    public required NotificationKind Kind { get; init; }

    /// <summary>Gets the incident.</summary>
    public required string Incident { get; init; }

    /// <summary>Gets the monitor that found it.</summary>
    public required string Monitor { get; init; }

    /// <summary>Gets what is wrong, in a line.</summary>
    public required string Title { get; init; }

    /// <summary>Gets how bad it is.</summary>
    public required Severity Severity { get; init; }

    /// <summary>Its rank, 1 first.</summary>
    public required int Priority { get; init; }

    /// <summary>Gets the message, in words.</summary>
    public required string Text { get; init; }

    /// <summary>Gets when it was decided to tell (UTC).</summary>
    public required DateTimeOffset At { get; init; }
}

/// <summary>A message that could not be delivered.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="Notification">The message.</param>
/// <param name="Error">Why not, in words.</param>
/// <param name="At">When that was given up (UTC).</param>
public sealed record DeadLetter(string Channel, Notification Notification, string Error, DateTimeOffset At);
