using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Core.Text;
using AgentFunctions.Durability;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;

namespace AgentFunctions.Steps;

/// <summary>Posts the end of a run to the address that its caller gave.</summary>
internal sealed class PostCallbackActivity(RunStore runs, Journal journal, AuditLog audit, Redactor redactor, IHttpClientFactory http, TimeProvider time)
{
    /// <summary>The name of the HTTP client that posts to callback addresses.</summary>
    public const string HttpClientName = "AgentFunctions.Callbacks";

    /// <summary>How long one attempt may take.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    public async Task<bool> RunAsync(ActivityContext context, CallbackInput input)
    {
        RunRecord run = await runs.GetAsync(input.RunId, context.CancellationToken).ConfigureAwait(false);
        if (input.IsGivenUp)
        {
            await TellAsync(run, input, context.CancellationToken).ConfigureAwait(false);
            return false;
        }

        try
        {
            await PostAsync(run, input, context.CancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (HttpRequestException e) when (e.InnerException is AgentException { Code: ErrorCode.NotAllowed } refusal)
        {
            // The caller named an address of the inner network. That is not the run's failure, and no repetition changes it.
            string reason = redactor.Redact($"callbackUrl: {refusal.Message}")!;
            await audit.AppendAsync(
                new AuditEntry(AuditTypes.RequestRefused)
                {
                    RunId = run.Id,
                    Agent = run.Agent,
                    Requester = run.Requester,
                    Rule = "network-boundary",
                    Failed = true,
                    Reason = reason,
                },
                context.CancellationToken).ConfigureAwait(false);
            await TellAsync(run, input with { Message = reason }, context.CancellationToken).ConfigureAwait(false);
            return false;
        }
        catch (HttpRequestException e)
        {
            // Without its cause: what people are told are these words.
            throw new HttpRequestException(
                $"The callback to {AddressOf(run)} failed: {(e.StatusCode is { } status ? $"status {(int)status}" : e.Message)}");
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException($"The callback to {AddressOf(run)} had no answer within {Timeout.TotalSeconds:0} s.");
        }
    }

    private async Task PostAsync(RunRecord run, CallbackInput input, CancellationToken cancellationToken)
    {
        using HttpClient client = http.CreateClient(HttpClientName);
        DateTimeOffset now = time.GetUtcNow();
        string status = JsonNamingPolicy.CamelCase.ConvertName(input.Status.ToString());
        using var request = new HttpRequestMessage(HttpMethod.Post, run.CallbackUrl)
        {
            Content = JsonContent.Create(
                new RunEndedNotice(run.Id, run.Agent, input.Status, input.Code, input.Message)
                {
                    Type = "run.ended",
                    Timestamp = input.At ?? now,
                    Data = new RunEndedData(run.Id, run.Agent, status, input.Code, input.Message),
                },
                StepsJsonContext.Default.RunEndedNotice),
        };
        request.Headers.Add("Idempotency-Key", $"{run.Id}/ended/{input.Turns}");
        request.Headers.Add("webhook-id", $"{run.Id}.ended.{input.Turns}");
        request.Headers.Add("webhook-timestamp", now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        using HttpResponseMessage response = await client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
    }

    private Task<bool> TellAsync(RunRecord run, CallbackInput input, CancellationToken cancellationToken) => journal.AppendIfMissingAsync(
        run.Id,
        new JournalEvent(JournalEventTypes.CallbackFailed, time.GetUtcNow())
        {
            Turn = input.Turns,
            Text = Preview.Of(redactor.Redact(input.Message), 600),
            IsError = true,
        },
        cancellationToken);

    /// <summary>The address without its user, path and query, which may hold a secret.</summary>
    private static string AddressOf(RunRecord run) => new Uri(run.CallbackUrl!).Authority;
}

/// <summary>
/// What is posted to a run's callback address: a notification, with its data beside it too, as it was posted before notifications
/// had one shape.
/// </summary>
/// <param name="Id">The run.</param>
/// <param name="Agent">The agent.</param>
/// <param name="Status">The final status.</param>
/// <param name="Code">The stable code of what stopped it short.</param>
/// <param name="Message">What stopped it short, in words.</param>
internal sealed record RunEndedNotice(string Id, string Agent, RunStatus Status, string? Code, string? Message)
{
    /// <summary>Gets what happened.</summary>
    public string? Type { get; init; }

    /// <summary>Gets when the run ended (UTC).</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>Gets what is told of it.</summary>
    public RunEndedData? Data { get; init; }
}

/// <summary>What is told of a run that ended.</summary>
/// <param name="Id">The run.</param>
/// <param name="Agent">The agent.</param>
/// <param name="Status">The final status.</param>
/// <param name="Code">The stable code of what stopped it short.</param>
/// <param name="Message">What stopped it short, in words.</param>
internal sealed record RunEndedData(string Id, string Agent, string Status, string? Code, string? Message);
