using System.Text;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Runs;

namespace AgentFunctions.AspNetCore.Doors.A2A.Push;

/// <summary>
/// Makes the notifications of the Agent2Agent protocol: a task that asks people something, and one that has ended. Progress is
/// for streams.
/// </summary>
internal sealed class PushMessages(RunStands stands, Answerable answerable, TaskView view, ApiKeys keys) : IReceiverForm
{
    /// <summary>The name that receivers are stored with.</summary>
    public const string FormName = "a2a";

    private const string KeyPrefix = "key:";

    private const string MediaType = "application/a2a+json";

    /// <inheritdoc/>
    public string Name => FormName;

    /// <inheritdoc/>
    public async Task<ReceiverMessage?> MessageAsync(
        string runId, RunReceiver receiver, string? asked, CancellationToken cancellationToken = default)
    {
        if (await PresentAsync(PushConfig.CallerOf(receiver), cancellationToken) is not { } caller)
        {
            return null;
        }

        try
        {
            JsonObject? told = asked is null
                ? await OfEndAsync(runId, caller, cancellationToken)
                : await OfQuestionAsync(runId, caller, asked, cancellationToken);
            return told is null
                ? null
                : new ReceiverMessage(MediaType, Encoding.UTF8.GetBytes(told.ToJsonString()),
                    HeadersOf(PushConfig.Read(receiver)));
        }
        catch (AgentException e) when (e.Code is ErrorCode.RunNotFound or ErrorCode.RunErased or ErrorCode.NotAllowed)
        {
            // The run is gone, or the receiver's owner may not see it any more.
            return null;
        }
    }

    /// <summary>
    /// Gets a caller as it is now: a key has the roles that it has today, and one that was withdrawn is told nothing more. Of
    /// others the host knows only what they were.
    /// </summary>
    private async Task<Caller?> PresentAsync(Caller then, CancellationToken cancellationToken)
    {
        if (!then.Id.StartsWith(KeyPrefix, StringComparison.Ordinal))
        {
            return then;
        }

        string name = then.Id[KeyPrefix.Length..];
        return (await keys.ListAsync(cancellationToken)).FirstOrDefault(key => key.Name == name) is { } key
            ? then with { Roles = key.Roles }
            : null;
    }

    private async Task<JsonObject> OfEndAsync(string runId, Caller caller, CancellationToken cancellationToken)
    {
        RunStand stand = await stands.GetAsync(runId, caller, RunAct.See, cancellationToken);
        if (!stand.Run.IsEnded)
        {
            // The end is told by one of the run's last steps, just before the engine has it.
            await stands.WaitBrieflyForEndAsync(runId, cancellationToken);
            stand = await stands.GetAsync(runId, caller, RunAct.See, cancellationToken);
        }

        return stand.Run.IsEnded
            ? new JsonObject { ["task"] = await view.OfAsync(stand, 0, true, cancellationToken) }
            : throw new AgentException(ErrorCode.EngineUnavailable, "The run is about to end; its end is told once it has.");
    }

    private async Task<JsonObject?> OfQuestionAsync(string runId, Caller caller, string asked,
        CancellationToken cancellationToken)
    {
        Run run = (await stands.GetAsync(runId, caller, RunAct.See, cancellationToken)).Run;
        IReadOnlyList<OpenQuestion> open = await answerable.OfTreeAsync(runId, caller, cancellationToken);
        return open.Any(one => one.Id == asked) && !run.IsEnded
            ? TaskView.UpdateOf(new RunStand(run with { Status = RunStatus.Waiting }, open), null)
            : null;
    }

    private static Dictionary<string, string> HeadersOf(PushConfig config)
    {
        var headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["A2A-Version"] = "1.0" };
        if (config.Token is { } token)
        {
            headers["X-A2A-Notification-Token"] = token;
        }

        if (config is { Scheme: { } scheme, Credentials: { } credentials })
        {
            headers["Authorization"] = $"{scheme} {credentials}";
        }

        return headers;
    }
}
