namespace AgentFunctions.Notifications;

/// <summary>Represents the notification channels of this host, bound to the configuration section <c>Notifications</c>.</summary>
public sealed class NotificationOptions
{
    /// <summary>Names the configuration section.</summary>
    public const string Section = "Notifications";

    /// <summary>Gets the channels by the names that monitors use. There is always one called <c>console</c>.</summary>
    public IDictionary<string, NotificationChannel> Channels { get; } =
        new Dictionary<string, NotificationChannel>(StringComparer.Ordinal);
}

/// <summary>
/// Represents a notification channel: a webhook (<see cref="Url"/>), a file (<see cref="File"/>), or the console if neither is
/// set.
/// </summary>
public sealed class NotificationChannel
{
    /// <summary>Gets or sets the absolute http or https address of a webhook; its path may hold <c>${secret:NAME}</c>.</summary>
    public string? Url { get; set; }

    /// <summary>
    /// Gets or sets the secret that signs a webhook's messages, as Standard Webhooks has it: at least 16 characters, or
    /// <c>whsec_</c> and base 64, best by reference as <c>${secret:NAME}</c>. By default <see langword="null"/>: messages are not
    /// signed.
    /// </summary>
    public string? Secret { get; set; }

    /// <summary>Gets or sets the file to which each message is appended as a line of JSON.</summary>
    public string? File { get; set; }
}
