using AgentFunctions.Durability;
using AgentFunctions.Loop;
using AgentFunctions.Runs;

namespace AgentFunctions.Steps;

/// <summary>Posts one message about a run to the address that its caller gave, or to another receiver.</summary>
internal sealed class PostCallbackActivity(RunStore runs, CallbackMessages messages, CallbackTrouble trouble,
    IHttpClientFactory http)
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
            await trouble.TellAsync(run, input, context.CancellationToken).ConfigureAwait(false);
            return false;
        }

        using HttpRequestMessage? request = await messages.OfAsync(run, input, context.CancellationToken).ConfigureAwait(false);
        if (request is null)
        {
            return true;
        }

        string receiver = request.RequestUri!.Authority;
        try
        {
            using HttpClient client = http.CreateClient(HttpClientName);
            using HttpResponseMessage response = await client.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, context.CancellationToken).ConfigureAwait(false);
            response.EnsureSuccessStatusCode();
            return true;
        }
        catch (HttpRequestException e) when (e.InnerException is AgentException { Code: ErrorCode.NotAllowed } refusal)
        {
            // The caller named an address of the inner network. That is not the run's failure, and no repetition changes it.
            await trouble.RefuseAsync(run, input, refusal.Message, context.CancellationToken).ConfigureAwait(false);
            return false;
        }
        catch (HttpRequestException e)
        {
            // Without its cause, and without the address' user, path and query: what people are told are these words.
            throw new HttpRequestException(
                $"The callback to {receiver} failed: {(e.StatusCode is { } status ? $"status {(int)status}" : e.Message)}");
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException($"The callback to {receiver} had no answer within {Timeout.TotalSeconds:0} s.");
        }
    }
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
