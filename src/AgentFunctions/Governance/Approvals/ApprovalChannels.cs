using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Core.Text;
using AgentFunctions.Governance.HumanTasks;
using AgentFunctions.Notifications;

namespace AgentFunctions.Governance.Approvals;

/// <summary>The notification channels over which this host tells people of approvals, by the roles that may decide.</summary>
internal sealed class ApprovalChannels(HumanTaskChannels channels)
{
    /// <summary>The channels of those who may decide about an approval now.</summary>
    public IEnumerable<IApprovalNotifier> For(Approval approval) =>
        channels.For(approval.Roles).Select(name => new ApprovalChannel(name, channels));
}

/// <summary>One channel.</summary>
internal sealed class ApprovalChannel(string name, HumanTaskChannels channels) : IApprovalNotifier
{
    /// <summary>How much of the goal people are shown at once, in characters.</summary>
    private const int GoalLimit = 2_000;

    public string Name => name;

    public async Task<string?> NotifyAsync(Approval approval, CancellationToken cancellationToken = default)
    {
        // The number of the attempt makes it another message than the one before; a crash in between sends the same again.
        string id = $"approval-{approval.Id}-{(approval.State == ApprovalState.Withdrawn ? "withdrawn" : approval.Reminders + 1)}";
        string kind = approval.State == ApprovalState.Withdrawn ? "withdrawn" : HumanTaskChannels.KindOf(approval);
        var notice = new ApprovalNotice
        {
            Id = approval.Id,
            Run = approval.RunId,
            Tool = approval.Tool,
            Risk = JsonNamingPolicy.CamelCase.ConvertName(approval.Risk.ToString()),
            Arguments = ShortJson.Of(approval.Edited ?? approval.Arguments, out bool isCut),
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
            Decide = channels.LinkTo($"/api/approvals/{approval.Id}"),
        };
        string line = $"approval {kind}: '{approval.Tool}' ({notice.Risk} risk) for run {approval.RunId}, by rule '{approval.Rule}'. "
            + (kind == "withdrawn"
                ? $"Nothing is to be decided: {approval.Obstacle}"
                : $"Decide: agentfunctions approve {approval.Id}");
        DateTimeOffset now = channels.Now;
        var message = new ChannelMessage(
            id, now, NotificationBody.Of($"approval.{kind}", now,
                JsonSerializer.SerializeToUtf8Bytes(notice, ApprovalsJsonContext.Default.ApprovalNotice)), line);
        await channels.SendAsync(name, message, cancellationToken).ConfigureAwait(false);
        return name;
    }
}
