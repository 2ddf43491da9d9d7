using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.AspNetCore.Governance;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Monitors;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Cli.Commands;
using AgentFunctions.Gateway.Erasure;
using AgentFunctions.Gateway.KillSwitch;
using AgentFunctions.Keys;
using AgentFunctions.Monitors;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Views.Live;

namespace AgentFunctions.Cli.Server;

/// <summary>Speaks to a server's API.</summary>
internal sealed class ApiClient : IDisposable
{
    /// <summary>A newer server may say more than this program knows.</summary>
    internal static readonly JsonSerializerOptions Lenient = new(ApiJson.Options)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
        RespectRequiredConstructorParameters = false,
    };

    private readonly HttpClient _http;

    public ApiClient(string server, string? key)
    {
        if (!Uri.TryCreate(server, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
        {
            throw new AgentException(ErrorCode.InvalidInput, "--server: use an absolute http or https address.");
        }

        _http = new HttpClient { BaseAddress = WithSlash(address), Timeout = Timeout.InfiniteTimeSpan };
        if (key is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
    }

    public Task<RunListResource> ListLabelledAsync(int limit, string? label, string? after,
        CancellationToken cancellationToken) =>
        SendAsync<RunListResource>(
            HttpMethod.Get,
            $"/api/runs?limit={limit}{(label is null ? "" : $"&label={Uri.EscapeDataString(label)}")}{(after is null ? "" : $"&after={Uri.EscapeDataString(after)}")}",
            null, cancellationToken);

    public Task<ErasurePlan> PlanErasureAsync(string id, EraseOptions options, CancellationToken cancellationToken) =>
        SendAsync<ErasurePlan>(HttpMethod.Delete, $"{PathOf(id)}?dryRun=true&{QueryOf(options)}", null, cancellationToken);

    public Task<Erasure> EraseAsync(string id, EraseOptions options, CancellationToken cancellationToken) =>
        SendAsync<Erasure>(HttpMethod.Delete, $"{PathOf(id)}?{QueryOf(options)}", null, cancellationToken);

    public Task<RunResource> GetAsync(string id, CancellationToken cancellationToken) =>
        SendAsync<RunResource>(HttpMethod.Get, PathOf(id), null, cancellationToken);

    public Task<IReadOnlyList<EventResource>> ListEventsAsync(string id, int tail, CancellationToken cancellationToken) =>
        SendAsync<IReadOnlyList<EventResource>>(
            HttpMethod.Get, $"{PathOf(id)}/events?follow=false&tail={tail}", null, cancellationToken);

    public Task<RunTreeResource> GetTreeAsync(string id, CancellationToken cancellationToken) =>
        SendAsync<RunTreeResource>(HttpMethod.Get, $"{PathOf(id)}/tree", null, cancellationToken);

    public Task<RunResource> CancelAsync(string id, string? reason, CancellationToken cancellationToken) =>
        SendAsync<RunResource>(
            HttpMethod.Post, $"{PathOf(id)}/cancel",
            JsonContent.Create(new CancelSubmission { Reason = reason }, options: ApiJson.Options), cancellationToken);

    public Task<ChangesResource> ListChangesAsync(string id, int? turn, CancellationToken cancellationToken) =>
        SendAsync<ChangesResource>(HttpMethod.Get, $"{PathOf(id)}/changes{(turn is null ? "" : $"?turn={turn}")}", null,
            cancellationToken);

    public Task DownloadFileAsync(string id, string sha256, Stream output, CancellationToken cancellationToken) =>
        DownloadAsync($"{PathOf(id)}/files/{sha256}", output, cancellationToken);

    public Task<FilesResource> ListFilesAsync(string id, int? turn, CancellationToken cancellationToken) =>
        SendAsync<FilesResource>(
            HttpMethod.Get, $"{PathOf(id)}/files{(turn is null ? "" : $"?turn={turn}")}", null, cancellationToken);

    public Task<RewindResource> RewindAsync(string id, RewindSubmission submission, CancellationToken cancellationToken) =>
        SendAsync<RewindResource>(
            HttpMethod.Post, $"{PathOf(id)}/rewind", JsonContent.Create(submission, options: ApiJson.Options), cancellationToken);

    public Task<RestoreResource> RestoreAsync(string id, RestoreSubmission submission, CancellationToken cancellationToken) =>
        SendAsync<RestoreResource>(
            HttpMethod.Post, $"{PathOf(id)}/workspace/restore", JsonContent.Create(submission, options: ApiJson.Options),
            cancellationToken);

    public Task<ApprovalListResource> ListApprovalsAsync(CancellationToken cancellationToken) =>
        SendAsync<ApprovalListResource>(HttpMethod.Get, "/api/approvals", null, cancellationToken);

    public Task<ApprovalResource> RevealApprovalAsync(string id, CancellationToken cancellationToken) =>
        SendAsync<ApprovalResource>(HttpMethod.Get, $"/api/approvals/{Uri.EscapeDataString(id)}?reveal=true", null,
            cancellationToken);

    public Task<QuestionListResource> ListQuestionsAsync(string query, CancellationToken cancellationToken) =>
        SendAsync<QuestionListResource>(HttpMethod.Get, $"/api/questions{query}", null, cancellationToken);

    public Task<QuestionResource> GetQuestionAsync(string id, CancellationToken cancellationToken) =>
        SendAsync<QuestionResource>(HttpMethod.Get, $"/api/questions/{Uri.EscapeDataString(id)}", null, cancellationToken);

    public Task<QuestionResource> AnswerAsync(string id, AnswerSubmission answer, CancellationToken cancellationToken) =>
        SendAsync<QuestionResource>(
            HttpMethod.Post, $"/api/questions/{Uri.EscapeDataString(id)}", JsonContent.Create(answer, options: ApiJson.Options),
            cancellationToken);

    public Task<ReviewListResource> ListReviewsAsync(CancellationToken cancellationToken) =>
        SendAsync<ReviewListResource>(HttpMethod.Get, "/api/reviews", null, cancellationToken);

    public Task<ReviewedResource> AcceptReviewsAsync(ReviewSubmission reviews, CancellationToken cancellationToken) =>
        SendAsync<ReviewedResource>(HttpMethod.Post, "/api/reviews/accept", JsonContent.Create(reviews, options: ApiJson.Options),
            cancellationToken);

    public Task<ApprovalListResource> DecideAsync(string id, DecisionSubmission decision, CancellationToken cancellationToken) =>
        SendAsync<ApprovalListResource>(
            HttpMethod.Post, $"/api/approvals/{Uri.EscapeDataString(id)}", JsonContent.Create(decision, options: ApiJson.Options),
            cancellationToken);

    public Task<AuditListResource> ListAuditAsync(string run, string? after, CancellationToken cancellationToken) =>
        SendAsync<AuditListResource>(
            HttpMethod.Get, $"/api/audit?run={Uri.EscapeDataString(run)}&limit=1000{(after is null ? "" : $"&after={after}")}",
            null, cancellationToken);

    public Task<AuditListResource> ListLastAuditAsync(string run, CancellationToken cancellationToken) =>
        SendAsync<AuditListResource>(HttpMethod.Get, $"/api/audit?run={Uri.EscapeDataString(run)}&newest=true&limit=200", null,
            cancellationToken);

    public Task<PublicKeySet> AuditKeysAsync(CancellationToken cancellationToken) =>
        SendAsync<PublicKeySet>(HttpMethod.Get, "/api/audit/keys", null, cancellationToken);

    public Task<KillReport> KillAsync(KillSubmission order, CancellationToken cancellationToken) =>
        SendAsync<KillReport>(HttpMethod.Post, "/api/kill", JsonContent.Create(order, options: ApiJson.Options),
            cancellationToken);

    public Task<KillListResource> ReleaseAsync(KillSubmission order, CancellationToken cancellationToken) =>
        SendAsync<KillListResource>(HttpMethod.Post, "/api/kill/release", JsonContent.Create(order, options: ApiJson.Options),
            cancellationToken);

    public Task<MonitorListResource> ListMonitorsAsync(CancellationToken cancellationToken) =>
        SendAsync<MonitorListResource>(HttpMethod.Get, "/api/monitors", null, cancellationToken, MonitorJson.Options);

    public Task<MonitorView> ChangeMonitorAsync(string name, string action, CancellationToken cancellationToken) =>
        SendAsync<MonitorView>(HttpMethod.Post, $"{MonitorPathOf(name)}/{action}", null, cancellationToken, MonitorJson.Options);

    public Task<TickResource> RunMonitorAsync(string name, CancellationToken cancellationToken) =>
        SendAsync<TickResource>(HttpMethod.Post, $"{MonitorPathOf(name)}/run", null, cancellationToken);

    public Task<TickListResource> ListTicksAsync(string name, int limit, CancellationToken cancellationToken) =>
        SendAsync<TickListResource>(HttpMethod.Get, $"{MonitorPathOf(name)}/ticks?limit={limit}", null, cancellationToken,
            MonitorJson.Options);

    public Task<IncidentListResource> ListIncidentsAsync(string query, CancellationToken cancellationToken) =>
        SendAsync<IncidentListResource>(HttpMethod.Get, $"/api/incidents?{query}", null, cancellationToken, MonitorJson.Options);

    public Task<Incident> GetIncidentAsync(string id, CancellationToken cancellationToken) =>
        SendAsync<Incident>(HttpMethod.Get, $"/api/incidents/{Uri.EscapeDataString(id)}", null, cancellationToken,
            MonitorJson.Options);

    public Task<Incident> ChangeIncidentAsync(string id, string action, string? comment, CancellationToken cancellationToken) =>
        SendAsync<Incident>(
            HttpMethod.Post, $"/api/incidents/{Uri.EscapeDataString(id)}/{action}",
            JsonContent.Create(new CommentSubmission { Comment = comment }, options: ApiJson.Options), cancellationToken,
            MonitorJson.Options);

    /// <summary>
    /// The events of a run to its end; where the connection broke, or the server did not answer for a while, they go on.
    /// </summary>
    /// <param name="id">The run.</param>
    /// <param name="isLive">Whether to be told what goes on before it is recorded.</param>
    /// <param name="cancellationToken">Stops following.</param>
    public async IAsyncEnumerable<RunSignal> FollowAsync(string id, bool isLive,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long? last = null;
        int failures = 0, refusals = 0;
        while (true)
        {
            using HttpResponseMessage? response = await TryOpenAsync(id, isLive, last, refusals + 1, cancellationToken);
            // A stream that was opened and had nothing to tell is no refusal.
            refusals = response is null ? refusals + 1 : 0;
            if (response is { StatusCode: HttpStatusCode.NoContent })
            {
                yield break;
            }

            if (response is not null)
            {
                await using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
                await using IAsyncEnumerator<SseItem<string>> items =
                    SseParser.Create(stream).EnumerateAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
                while (await TryMoveAsync(items))
                {
                    if (LiveSignal.Read(items.Current) is { } signal)
                    {
                        failures = 0;
                        last = signal is JournalSignal { Position: var position } ? position : last;
                        yield return signal;
                    }
                }
            }

            // Whether the run has ended or the connection broke, only the server can say.
            await Reconnection.WaitAsync(++failures, cancellationToken);
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>A server may have the API below a path of its own.</summary>
    private static Uri WithSlash(Uri address) =>
        address.AbsolutePath.EndsWith('/') ? address : new UriBuilder(address) { Path = address.AbsolutePath + "/" }.Uri;

    private static string Below(string path) => path.TrimStart('/');

    private static string MonitorPathOf(string name) => $"/api/monitors/{Uri.EscapeDataString(name)}";

    private static string QueryOf(EraseOptions options) => string.Join('&', new[]
    {
        options.Reason is { } reason ? $"reason={Uri.EscapeDataString(reason)}" : "",
        options.Cancel ? "cancel=true" : "",
        options.Force ? "force=true" : "",
        options.Notes ? "notes=true" : "",
    }.Where(static part => part.Length > 0));

    /// <summary>The address of a run.</summary>
    public static string PathOf(string id) => $"/api/runs/{Uri.EscapeDataString(id)}";

    private static async Task<bool> TryMoveAsync(IAsyncEnumerator<SseItem<string>> items)
    {
        try
        {
            return await items.MoveNextAsync();
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            return false;
        }
    }

    private async Task<HttpResponseMessage?> TryOpenAsync(string id, bool isLive, long? last, int failures,
        CancellationToken cancellationToken)
    {
        try
        {
            return await OpenAsync(id, isLive, last, cancellationToken);
        }
        catch (ServerException e) when (Reconnection.MayTryAgain(e, failures))
        {
            Reconnection.Tell(e);
            return null;
        }
    }

    private async Task<HttpResponseMessage> OpenAsync(string id, bool isLive, long? last, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Below($"{PathOf(id)}/events{(isLive ? "?live=true" : "")}"));
        if (last is { } position)
        {
            request.Headers.Add("Last-Event-ID", position.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        try
        {
            HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead,
                cancellationToken);
            await EnsureSuccessAsync(response, cancellationToken);
            return response;
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e);
        }
    }

    /// <summary>Copies an answer as it is.</summary>
    /// <param name="path">The address below the server's.</param>
    /// <param name="output">Where to.</param>
    /// <param name="cancellationToken">The token to cancel the copy.</param>
    public async Task DownloadAsync(string path, Stream output, CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage response = await _http.GetAsync(Below(path), HttpCompletionOption.ResponseHeadersRead,
                cancellationToken);
            await EnsureSuccessAsync(response, cancellationToken);
            await response.Content.CopyToAsync(output, cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e);
        }
    }

    /// <summary>Sends a request whose answer has no content.</summary>
    public async Task SendAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(method, Below(path));
            using HttpResponseMessage response = await _http.SendAsync(request, cancellationToken);
            await EnsureSuccessAsync(response, cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e);
        }
    }

    /// <summary>Sends a request and reads its answer.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">The address below the server's.</param>
    /// <param name="content">The body.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <param name="json">How the answer is read.</param>
    /// <param name="key">Makes the request safe to repeat; <see langword="null"/> for none.</param>
    public async Task<T> SendAsync<T>(
        HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken,
        JsonSerializerOptions? json = null,
        string? key = null)
    {
        try
        {
            using var request = new HttpRequestMessage(method, Below(path)) { Content = content };
            if (key is not null)
            {
                request.Headers.Add("Idempotency-Key", key);
            }

            using HttpResponseMessage response = await _http.SendAsync(request, cancellationToken);
            await EnsureSuccessAsync(response, cancellationToken);
            return await response.Content.ReadFromJsonAsync<T>(json ?? Lenient, cancellationToken)
                ?? throw new ServerException($"{_http.BaseAddress} answered with null; is it an AgentFunctions server?");
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e);
        }
        catch (JsonException e)
        {
            throw new ServerException($"{_http.BaseAddress} answered with other JSON than expected; is it an AgentFunctions server?", e);
        }
    }

    private static async Task EnsureSuccessAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode)
        {
            return;
        }

        string body = await response.Content.ReadAsStringAsync(cancellationToken);
        throw new ServerException(response.Content.Headers.ContentType?.MediaType == "application/problem+json"
            ? Describe(body)
            : $"the server answered {(int)response.StatusCode} {response.ReasonPhrase}; "
                + (response.StatusCode == HttpStatusCode.Unauthorized
                    ? $"send a key or token that it takes, by {ServerOptions.KeyVariable} or --api-key."
                    : "is it an AgentFunctions server?"))
        {
            IsTransient = (int)response.StatusCode >= 500
                || response.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests,
        };
    }

    private static string Describe(string body)
    {
        ProblemResource problem = JsonSerializer.Deserialize<ProblemResource>(body, Lenient)!;
        return new StringBuilder(problem.Detail).Append(" (").Append(problem.Code).Append(')').ToString();
    }

    private ServerException Unreachable(HttpRequestException e) =>
        new($"cannot reach {_http.BaseAddress}: {e.Message} Is 'agentfunctions serve' running?", e)
        {
            IsTransient = true,
        };
}
