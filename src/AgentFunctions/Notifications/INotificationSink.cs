namespace AgentFunctions.Notifications;

/// <summary>A way to tell people. Told at least once: the receiver knows a repetition by its key.</summary>
internal interface INotificationSink
{
    /// <summary>Whether a channel is of this kind.</summary>
    bool Handles(NotificationChannel channel);

    /// <summary>Delivers one message.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.NotificationRejected"/>: a repetition cannot help. Any other error may pass.
    /// </exception>
    Task SendAsync(string channelName, NotificationChannel channel, ChannelMessage message, CancellationToken cancellationToken);
}
