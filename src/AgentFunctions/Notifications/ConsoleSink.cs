<<<<<<< HEAD:src/AgentFunctions/Notifications/ConsoleSink.cs
namespace AgentFunctions.Notifications;
=======
using AgentFunctions.Governance.Redaction;

namespace AgentFunctions.Monitors.Notifications;
>>>>>>> 417bdf9 (A server's words for why its tools are missing are data; logs and the terminal escape what steers them; sums of grants are bounded; streams end with the right to follow; the sandbox keeps the machine's settings read-only):src/AgentFunctions/Monitors/Notifications/ConsoleSink.cs

/// <summary>Writes each message to the standard output.</summary>
internal sealed class ConsoleSink : INotificationSink
{
    public bool Handles(NotificationChannel channel) => channel is { Url: null, File: null };

    public async Task SendAsync(
        string channelName, NotificationChannel channel, ChannelMessage message, CancellationToken cancellationToken) =>
        await Console.Out.WriteLineAsync(
            $"{message.At.UtcDateTime:u} {LogText.Escape(message.Line.ReplaceLineEndings(" "))}".AsMemory(), cancellationToken).ConfigureAwait(false);
}
