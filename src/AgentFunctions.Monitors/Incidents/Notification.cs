using System.Text.Json.Serialization;

namespace AgentFunctions.Monitors.Incidents;

/// <summary>Specifies why people are notified.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<NotificationKind>))]
public enum NotificationKind
{
    /// <summary>The incident opened.</summary>
    Opened,

    /// <summary>The incident reopened.</summary>
    Reopened,

    /// <summary>The incident was not acknowledged; the next step is notified.</summary>
    Escalated,

    /// <summary>The incident is still open.</summary>
    Reminder,

    /// <summary>The incident was resolved.</summary>
    Resolved,
}

/// <summary>Represents a notification of an incident. It is the same at every attempt to deliver it.</summary>
public sealed record Notification
{
    /// <summary>Gets the id: incident, opening and number. With the channel it is the idempotency key.</summary>
    public required string Id { get; init; }

    /// <summary>Gets the reason of the notification.</summary>
    public required NotificationKind Kind { get; init; }

    /// <summary>Gets the incident.</summary>
    public required string Incident { get; init; }

    /// <summary>Gets the monitor that found it.</summary>
    public required string Monitor { get; init; }

    /// <summary>Gets what is wrong, in a line.</summary>
    public required string Title { get; init; }

    /// <summary>Gets how bad it is.</summary>
    public required Severity Severity { get; init; }

    /// <summary>Gets the priority; 1 is the highest.</summary>
    public required int Priority { get; init; }

    /// <summary>Gets the message, in words.</summary>
    public required string Text { get; init; }

    /// <summary>Gets when it was decided to tell (UTC).</summary>
    public required DateTimeOffset At { get; init; }
}

/// <summary>Represents a notification that could not be delivered.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="Notification">The message.</param>
/// <param name="Error">Why not, in words.</param>
/// <param name="At">When that was given up (UTC).</param>
public sealed record DeadLetter(string Channel, Notification Notification, string Error, DateTimeOffset At);
