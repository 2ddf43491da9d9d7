namespace AgentFunctions.Monitors.Notifications;

/// <summary>Writes each message to the standard output.</summary>
internal sealed class ConsoleSink : INotificationSink
{
    public bool Handles(NotificationChannel channel) => channel is { Url: null, File: null };

    public async Task SendAsync(
        string channelName, NotificationChannel channel, Notification notification, CancellationToken cancellationToken) =>
        await Console.Out.WriteLineAsync(
            $"{notification.At.UtcDateTime:u} {notification.Kind} P{notification.Priority} {notification.Incident}: {notification.Text}".AsMemory(),
            cancellationToken).ConfigureAwait(false);
}
