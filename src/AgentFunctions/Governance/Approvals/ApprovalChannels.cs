using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Core.Text;
using AgentFunctions.Governance.Options;
using AgentFunctions.Notifications;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Governance.Approvals;

/// <summary>The notification channels over which this host tells people of approvals, by the roles that may decide.</summary>
internal sealed class ApprovalChannels(IOptions<GovernanceOptions> options, NotificationSender desk, PublicAddress address, TimeProvider time)
{
    private const string EveryRole = "*";

    /// <summary>The channels of those who may decide about an approval now.</summary>
    public IEnumerable<IApprovalNotifier> For(Approval approval) => options.Value.ApprovalChannels
        .Where(entry => entry.Key == EveryRole || approval.Roles.Contains(entry.Key, StringComparer.Ordinal))
        .SelectMany(static entry => entry.Value).Distinct(StringComparer.Ordinal)
        .Select(name => new ApprovalChannel(name, desk, address, time));
}

/// <summary>One channel.</summary>
internal sealed class ApprovalChannel(string name, NotificationSender desk, PublicAddress address, TimeProvider time) : IApprovalNotifier
{
    /// <summary>How much of the goal people are shown at once, in characters.</summary>
    private const int GoalLimit = 2_000;

    /// <summary>The run's step waits for the receiver, so not for long; what was not delivered is tried again soon.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public string Name => name;

    public async Task<string?> NotifyAsync(Approval approval, CancellationToken cancellationToken = default)
    {
        // The number of the attempt makes it another message than the one before; a crash in between sends the same again.
        string id = $"approval-{approval.Id}-{(approval.State == ApprovalState.Withdrawn ? "withdrawn" : approval.Reminders + 1)}";
        string kind = approval.State == ApprovalState.Withdrawn ? "withdrawn" : approval.Reminders == 0 ? "requested" : approval.EscalatedAt is null ? "reminder" : "escalated";
        var notice = new ApprovalNotice
        {
            Id = approval.Id,
            Run = approval.RunId,
            Tool = approval.Tool,
            Risk = JsonNamingPolicy.CamelCase.ConvertName(approval.Risk.ToString()),
            Arguments = ShortJson.Of(approval.Arguments, out bool isCut),
            ArgumentsAreCut = isCut ? true : null,
            Masked = approval.Masked.Count == 0 ? null : approval.Masked,
            CallHash = approval.CallHash,
            Rule = approval.Rule,
            Reason = approval.Reason,
            Obstacle = approval.Obstacle,
            Requester = approval.Requester,
            Chain = approval.Chain,
            Goal = Preview.Of(approval.Goal, GoalLimit) ?? "",
            Roles = approval.Roles,
            Count = approval.Terms.Count,
            ExpiresAt = approval.ExpiresAt,
            Decide = address.Of($"/api/approvals/{approval.Id}"),
        };
        string line = $"approval {kind}: '{approval.Tool}' ({notice.Risk} risk) for run {approval.RunId}, by rule '{approval.Rule}'. "
            + (kind == "withdrawn" ? $"Nothing is to be decided: {approval.Obstacle}" : $"Decide: agentfunctions approve {approval.Id}");
        DateTimeOffset now = time.GetUtcNow();
        var message = new ChannelMessage(
            id, now, NotificationBody.Of($"approval.{kind}", now, JsonSerializer.SerializeToUtf8Bytes(notice, ApprovalsJsonContext.Default.ApprovalNotice)), line);
        using CancellationTokenSource timeout = new(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        await desk.SendAsync(name, message, either.Token).ConfigureAwait(false);
        return name;
    }
}
