namespace AgentFunctions.Notifications;

/// <summary>Appends each message to a file as a line of JSON.</summary>
internal sealed class FileSink : INotificationSink
{
    private readonly SemaphoreSlim _gate = new(1);

    public bool Handles(NotificationChannel channel) => channel.File is not null;

    public async Task SendAsync(
        string channelName, NotificationChannel channel, ChannelMessage message, CancellationToken cancellationToken)
    {
        byte[] line = [.. message.Body.Span, (byte)'\n'];
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await File.AppendAllBytesAsync(channel.File!, line, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }
}
