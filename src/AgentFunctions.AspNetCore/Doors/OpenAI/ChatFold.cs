using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Budgets;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Runs;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Doors.OpenAI;

/// <summary>Makes of an exchange one message: what the model said last, or what it waits for.</summary>
internal sealed class ChatFold
{
    private TokenUsage _usage = new();
    private string? _status;

    /// <summary>Gets the text.</summary>
    public string Text { get; private set; } = "";

    /// <summary>Gets why it ends.</summary>
    public string Reason { get; private set; } = "stop";

    /// <summary>Gets whether the run failed.</summary>
    public bool HasFailed => _status is "failed" or null;

    /// <summary>Gets the calls that the client is to execute; <see langword="null"/> for none.</summary>
    public JsonArray? Calls { get; private set; }

    /// <summary>Gets what the models consumed.</summary>
    public JsonObject Usage => new()
    {
        ["prompt_tokens"] = _usage.InputTokens,
        ["completion_tokens"] = _usage.OutputTokens,
        ["total_tokens"] = _usage.InputTokens + _usage.OutputTokens,
    };

    /// <summary>Takes a frame.</summary>
    /// <param name="frame">The frame.</param>
    public void Take(RunFrame frame)
    {
        switch (frame)
        {
            case TurnRecorded turn:
                _usage = _usage.Plus(turn.Usage);
                (Text, Reason) = (turn.Calls.Count == 0 ? turn.Text : "", turn.IsCut ? "length" : "stop");
                break;
            case ExchangeInterrupted cut:
                Text = string.Join('\n', cut.Open.Select(static open => open.Approval).OfType<Approval>().Select(
                    static approval => $"May '{approval.Tool}' be called? Approval {approval.Id} waits for an answer over the "
                        + "HTTP API or the dashboard."));
                _status = "completed";
                if (cut.Calls.Count > 0)
                {
                    Reason = "tool_calls";
                    Calls = new JsonArray(
                    [
                        .. cut.Calls.Select(static call => new JsonObject
                        {
                            ["id"] = call.Id,
                            ["type"] = "function",
                            ["function"] = new JsonObject
                            {
                                ["name"] = call.Tool,
                                ["arguments"] = call.Arguments.GetRawText(),
                            },
                        }),
                    ]);
                }

                break;
            case ExchangeEnded ended:
                _status = ended.Event?.Code ?? "failed";
                Reason = _status is "budgetExhausted" or "cancelled" ? "length" : Reason;
                break;
        }
    }

    /// <summary>Takes that the wait is over before the run.</summary>
    /// <param name="runId">The run.</param>
    public void Leave(string runId)
    {
        (Text, Reason, _status) = ($"Run {runId} is still at work.", "length", "completed");
    }

    /// <summary>Ensures that there is an answer.</summary>
    /// <param name="run">The run.</param>
    /// <exception cref="OpenAIException">The run failed. Its client does not repeat the request.</exception>
    public void EnsureAnswered(Run run)
    {
        if (HasFailed)
        {
            string code = run.Error is { } error ? CamelCase.Of(error.Code) : "internalError";
            throw new OpenAIException(
                StatusCodes.Status400BadRequest, "server_error", code, null, run.Error?.Message ?? $"Run {run.Id} failed.");
        }
    }
}
