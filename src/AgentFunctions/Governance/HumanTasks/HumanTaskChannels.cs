using AgentFunctions.Governance.Options;
using AgentFunctions.Notifications;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Governance.HumanTasks;

/// <summary>Finds the notification channels of roles, and delivers over them while a run's step waits.</summary>
internal sealed class HumanTaskChannels(
    IOptions<GovernanceOptions> options, NotificationSender sender, PublicAddress address, TimeProvider time)
{
    private const string EveryRole = "*";

    /// <summary>The run's step waits for the receiver, so not for long; what was not delivered is tried again soon.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Gets the present time (UTC).</summary>
    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Gets the channels of those who have one of these roles.</summary>
    /// <param name="roles">The roles.</param>
    public IEnumerable<string> For(IReadOnlyList<string> roles) => options.Value.ApprovalChannels
        .Where(entry => entry.Key == EveryRole || roles.Contains(entry.Key, StringComparer.Ordinal))
        .SelectMany(static entry => entry.Value).Distinct(StringComparer.Ordinal);

    /// <summary>Makes a link below the runtime's public address.</summary>
    /// <param name="path">The path.</param>
    public string LinkTo(string path) => address.Of(path);

    /// <summary>Makes one attempt to deliver.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="message">The message.</param>
    /// <param name="cancellationToken">The token to cancel the attempt.</param>
    public async Task SendAsync(string channel, ChannelMessage message, CancellationToken cancellationToken)
    {
        using CancellationTokenSource timeout = new(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        await sender.SendAsync(channel, message, either.Token).ConfigureAwait(false);
    }

    /// <summary>Says what a message is about: a request, a reminder, an escalation.</summary>
    /// <param name="task">The task.</param>
    public static string KindOf<TTask>(TTask task)
        where TTask : class, IHumanTask<TTask> =>
        task.Reminders == 0 ? "requested" : task.EscalatedAt is null ? "reminder" : "escalated";
}
