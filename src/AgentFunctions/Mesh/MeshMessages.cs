using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Budgets;
using AgentFunctions.Gateway;
using AgentFunctions.Mesh.Cards;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Mesh;

/// <summary>Makes the messages to other hosts' agents.</summary>
internal sealed class MeshMessages(RunStore runs, CardKeys keys, MeshWaker waker, IOptions<SwarmOptions> swarm)
{
    /// <summary>
    /// Makes the secret of an address at which a call is woken; <see langword="null"/> if nobody can reach this host.
    /// </summary>
    public string? NewSecret() => waker.NewSecret();

    /// <summary>Makes the parameters of a message.</summary>
    /// <param name="context">The call.</param>
    /// <param name="text">The words.</param>
    /// <param name="data">Data beside them; <see langword="null"/> for none.</param>
    /// <param name="task">The task that is continued; <see langword="null"/> for a new one.</param>
    /// <param name="wake">
    /// The secret of the address that the host is to tell what becomes of the task; <see langword="null"/> for none.
    /// </param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.SwarmBoundReached"/>: the work has come through too many hosts.
    /// </exception>
    public async Task<JsonObject> OfAsync(
        ToolContext context, string text, JsonElement? data, string? task, string? wake, CancellationToken cancellationToken)
    {
        RunRecord run = await runs.GetAsync(context.RunId, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<string> via = [.. run.Via ?? [], await keys.HostIdAsync(cancellationToken).ConfigureAwait(false)];
        if (via.Count > swarm.Value.MaxDepth)
        {
            throw new AgentException(
                ErrorCode.SwarmBoundReached,
                $"This work has come through {via.Count} hosts, and Swarm:MaxDepth is {swarm.Value.MaxDepth}: no further agent of another host may be called. "
                + "Do the work yourself.");
        }

        JsonArray parts = [new JsonObject { ["text"] = text }];
        if (data is { ValueKind: JsonValueKind.Object } given)
        {
            parts.Add(new JsonObject { ["data"] = JsonNode.Parse(given.GetRawText()) });
        }

        JsonObject metadata = new MeshOrigin(via, ShareOf(context.Features.Get<BudgetOfCalls>())).Write();
        var message = new JsonObject
        {
            ["messageId"] = context.IdempotencyKey,
            ["role"] = "ROLE_USER",
            ["parts"] = parts,
            ["metadata"] = metadata,
            ["extensions"] = new JsonArray(MeshOrigin.Extension),
        };
        if (task is not null)
        {
            message["taskId"] = task;
        }

        var configuration = new JsonObject { ["returnImmediately"] = true, ["historyLength"] = 0 };
        if (wake is not null)
        {
            configuration["taskPushNotificationConfig"] =
                new JsonObject { ["id"] = context.IdempotencyKey, ["url"] = waker.AddressOf(context.IdempotencyKey, wake) };
        }

        return new JsonObject { ["message"] = message, ["configuration"] = configuration };
    }

    /// <summary>
    /// Half of what is left, so that the run can still use the answer, divided by the calls that are made at once; they all have
    /// the same time.
    /// </summary>
    private static Budget? ShareOf(BudgetOfCalls? calls) => calls is not (var left, var alike) ? null : new Budget
    {
        Steps = left.Steps is { } steps ? Math.Max(1, steps / 2 / alike) : null,
        Tokens = left.Tokens is { } tokens ? Math.Max(1, tokens / 2 / alike) : null,
        Usd = left.Usd / 2 / alike,
        WallClock = left.WallClock is { } time && time / 2 > TimeSpan.FromSeconds(1) ? time / 2 : null,
    };
}
