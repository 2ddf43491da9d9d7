using AgentFunctions.Governance.Redaction;

namespace AgentFunctions.Notifications;

/// <summary>Writes each message to the standard output.</summary>
internal sealed class ConsoleSink : INotificationSink
{
    public bool Handles(NotificationChannel channel) => channel is { Url: null, File: null };

    public async Task SendAsync(
        string channelName, NotificationChannel channel, ChannelMessage message, CancellationToken cancellationToken) =>
        await Console.Out.WriteLineAsync(
            $"{message.At.UtcDateTime:u} {LogText.Escape(message.Line.ReplaceLineEndings(" "))}".AsMemory(), cancellationToken)
            .ConfigureAwait(false);
}
