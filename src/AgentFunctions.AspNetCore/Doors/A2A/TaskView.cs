using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AspNetCore.Doors.A2A;

/// <summary>Shows runs as tasks.</summary>
internal sealed class TaskView(Transcript transcript, TaskFiles files)
{
    /// <summary>The label that has the context of a task.</summary>
    public const string Context = "a2a-context";

    /// <summary>Gets the state of a run.</summary>
    /// <param name="stand">Where it stands.</param>
    public static string StateOf(RunStand stand) => stand.Run.Status switch
    {
        RunStatus.Queued => "TASK_STATE_SUBMITTED",
        RunStatus.Waiting when stand.Answerable.Count > 0 => "TASK_STATE_INPUT_REQUIRED",
        RunStatus.Waiting when stand.Open.Count > 0 => "TASK_STATE_AUTH_REQUIRED",
        RunStatus.Completed => "TASK_STATE_COMPLETED",
        RunStatus.Failed when stand.Run.Error?.Code is "ModelRefused" or "ModelContentFiltered" => "TASK_STATE_REJECTED",
        RunStatus.Failed or RunStatus.BudgetExhausted => "TASK_STATE_FAILED",
        RunStatus.Cancelled => "TASK_STATE_CANCELED",
        _ => "TASK_STATE_WORKING",
    };

    /// <summary>Gets the context of a run.</summary>
    public static string ContextOf(Run run) => run.Labels.TryGetValue(Context, out string? context) ? context : run.Id;

    /// <summary>Shows a run.</summary>
    /// <param name="stand">Where it stands.</param>
    /// <param name="historyLength">The most messages of the dialogue; <see langword="null"/> for all.</param>
    /// <param name="withArtifacts">Whether what it has made is shown.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<JsonObject> OfAsync(
        RunStand stand, int? historyLength, bool withArtifacts, CancellationToken cancellationToken)
    {
        Run run = stand.Run;
        var task = new JsonObject { ["id"] = run.Id, ["contextId"] = ContextOf(run), ["status"] = StatusOf(stand) };
        if (withArtifacts)
        {
            JsonObject[] made = [.. AnswerOf(run) is { } answer ? [answer] : Array.Empty<JsonObject>(),
                .. await files.OfAsync(run.Id, null, cancellationToken)];
            if (made.Length > 0)
            {
                task["artifacts"] = new JsonArray([.. made]);
            }
        }

        if (historyLength != 0)
        {
            JsonNode[] said = [.. await HistoryAsync(run, cancellationToken)];
            task["history"] = new JsonArray(said[Math.Max(0, said.Length - (historyLength ?? said.Length))..]);
        }

        var metadata = new JsonObject();
        if (run.Error is { } error)
        {
            metadata["code"] = CamelCase.Of(error.Code);
        }

        if (run.IsEnded)
        {
            metadata["usage"] = new JsonObject
            {
                ["inputTokens"] = run.Usage.InputTokens,
                ["outputTokens"] = run.Usage.OutputTokens,
                ["cachedTokens"] = run.Usage.CachedTokens,
                ["usd"] = run.Usage.Usd,
            };
        }

        if (metadata.Count > 0)
        {
            task["metadata"] = metadata;
        }

        return task;
    }

    /// <summary>Shows where a run stands.</summary>
    /// <param name="stand">Where it stands.</param>
    /// <param name="said">What the agent has just said; <see langword="null"/> for nothing.</param>
    public static JsonObject StatusOf(RunStand stand, JsonObject? said = null)
    {
        Run run = stand.Run;
        var status = new JsonObject { ["state"] = StateOf(stand), ["timestamp"] = DoorJson.TimeOf(run.UpdatedAt) };
        string? words = run.IsEnded
            ? run.Status == RunStatus.Completed ? null : run.Error?.Message ?? $"The run is {CamelCase.Of(run.Status)}."
            : stand.Words;
        if (said is not null)
        {
            status["message"] = said;
        }
        else if (words is not null)
        {
            JsonArray parts = [new JsonObject { ["text"] = words }];
            foreach (OpenQuestion open in stand.Answerable)
            {
                parts.Add(new JsonObject { ["data"] = DataOf(open) });
            }

            status["message"] = MessageOf(run, $"{run.Id}.status", parts);
        }

        return status;
    }

    /// <summary>Shows where a run stands, as an update of its task.</summary>
    /// <param name="stand">Where it stands.</param>
    /// <param name="said">What the agent has just said; <see langword="null"/> for nothing.</param>
    /// <param name="metadata">What else there is to tell; <see langword="null"/> for nothing.</param>
    public static JsonObject UpdateOf(RunStand stand, JsonObject? said, JsonObject? metadata = null)
    {
        var update = new JsonObject
        {
            ["taskId"] = stand.Run.Id,
            ["contextId"] = ContextOf(stand.Run),
            ["status"] = StatusOf(stand, said),
        };
        if (metadata is not null)
        {
            update["metadata"] = metadata;
        }

        return new JsonObject { ["statusUpdate"] = update };
    }

    /// <summary>Shows a call that the agent asks for.</summary>
    /// <param name="id">The run.</param>
    /// <param name="turn">The turn.</param>
    /// <param name="call">The call.</param>
    public static JsonObject CallOf(string id, int turn, AskedCall call) => new()
    {
        ["call"] = new JsonObject
        {
            ["id"] = $"{id}/{turn}/{call.Call}",
            ["tool"] = call.Tool,
            ["arguments"] = JsonNode.Parse(call.Arguments.GetRawText()),
        },
    };

    /// <summary>Shows a sub-agent.</summary>
    /// <param name="id">The run that asked for it.</param>
    /// <param name="turn">The turn.</param>
    /// <param name="call">The call that is its work.</param>
    /// <param name="hasFailed">Whether it failed; <see langword="null"/> while it works.</param>
    public static JsonObject SubAgentOf(string id, int turn, AskedCall call, bool? hasFailed) => new()
    {
        ["subAgents"] = new JsonArray(new JsonObject
        {
            ["id"] = SubAgentCalls.IdOf(id, turn, call.Call),
            ["name"] = SubAgentCalls.NameOf(call),
            ["state"] = hasFailed switch
            {
                null => "TASK_STATE_WORKING",
                true => "TASK_STATE_FAILED",
                false => "TASK_STATE_COMPLETED",
            },
        }),
    };

    /// <summary>Shows what a run has made, as an update of its task.</summary>
    /// <param name="run">The run.</param>
    /// <param name="artifact">What it has made, all of it.</param>
    public static JsonObject UpdateOf(Run run, JsonObject artifact) => new()
    {
        ["artifactUpdate"] = new JsonObject
        {
            ["taskId"] = run.Id,
            ["contextId"] = ContextOf(run),
            ["artifact"] = artifact,
            ["lastChunk"] = true,
        },
    };

    /// <summary>Shows what the agent said.</summary>
    public static JsonObject MessageOf(Run run, string id, JsonArray parts) => new()
    {
        ["messageId"] = id,
        ["contextId"] = ContextOf(run),
        ["taskId"] = run.Id,
        ["role"] = "ROLE_AGENT",
        ["parts"] = parts,
    };

    /// <summary>Gets the answer of a run; <see langword="null"/> if it has none.</summary>
    public static JsonObject? AnswerOf(Run run) => run.Result is { Text.Length: > 0 } result && run.IsEnded
        ? new JsonObject
        {
            ["artifactId"] = "answer",
            ["name"] = "answer",
            ["parts"] = new JsonArray(new JsonObject { ["text"] = result.Text }),
        }
        : null;

    private static JsonObject DataOf(OpenQuestion open) => open.Approval is { } approval
        ? new JsonObject
        {
            ["approval"] = approval.Id,
            ["tool"] = approval.Tool,
            ["arguments"] = JsonNode.Parse((approval.Edited ?? approval.Arguments).GetRawText()),
            ["callHash"] = approval.CallHash,
            ["expiresAt"] = DoorJson.TimeOf(approval.ExpiresAt),
        }
        : new JsonObject
        {
            ["question"] = open.Question!.Id,
            ["text"] = open.Question.Text,
            ["form"] = JsonNode.Parse(open.Question.Form.GetRawText()),
        };

    private async Task<List<JsonObject>> HistoryAsync(Run run, CancellationToken cancellationToken)
    {
        List<JsonObject> history = [Said(run, $"{run.Id}.0", "ROLE_USER", run.Goal)];
        await foreach (TranscriptEntry entry in transcript.ReadAsync(run.Id, 0, null, cancellationToken))
        {
            if (entry.SummaryKeepsFrom is null && entry.Message.Text is { Length: > 0 } text
                && entry.Source is TranscriptOrigin.Person or TranscriptOrigin.Model)
            {
                history.Add(entry.Message.Role == ChatRole.Assistant
                    ? Said(run, $"{run.Id}.{entry.Turn}", "ROLE_AGENT", text)
                    : Said(run, $"{run.Id}.in.{entry.Position}", "ROLE_USER", text));
            }
        }

        return history;
    }

    private static JsonObject Said(Run run, string id, string role, string text)
    {
        JsonObject message = MessageOf(run, id, [new JsonObject { ["text"] = text }]);
        message["role"] = role;
        return message;
    }
}
