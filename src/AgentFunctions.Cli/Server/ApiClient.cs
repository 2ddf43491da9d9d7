using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.AspNetCore.Runs;

namespace AgentFunctions.Cli.Server;

/// <summary>Speaks to a server's API.</summary>
internal sealed class ApiClient : IDisposable
{
    private const int MaxReconnects = 10;

    /// <summary>A newer server may say more than this program knows.</summary>
    private static readonly JsonSerializerOptions Lenient = new(ApiJson.Options)
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

        _http = new HttpClient { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        if (key is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
    }

    public Task<RunListResource> ListAsync(int limit, string? status, CancellationToken cancellationToken) =>
        SendAsync<RunListResource>(
            HttpMethod.Get, $"/api/runs?limit={limit}{(status is null ? "" : $"&status={status}")}", null, cancellationToken);

    public Task<RunResource> GetAsync(string id, CancellationToken cancellationToken) =>
        SendAsync<RunResource>(HttpMethod.Get, PathOf(id), null, cancellationToken);

    public Task<RunResource> CancelAsync(string id, string? reason, CancellationToken cancellationToken) =>
        SendAsync<RunResource>(
            HttpMethod.Post, $"{PathOf(id)}/cancel",
            JsonContent.Create(new CancelSubmission { Reason = reason }, options: ApiJson.Options), cancellationToken);

    /// <summary>The events of a run to its end; a broken connection is taken up where it broke.</summary>
    public async IAsyncEnumerable<EventResource> FollowAsync(string id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long? last = null;
        int failures = 0;
        while (true)
        {
            using HttpResponseMessage? response = await TryOpenAsync(id, last, failures, cancellationToken);
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
                    EventResource e = JsonSerializer.Deserialize<EventResource>(items.Current.Data, Lenient)!;
                    (last, failures) = (e.Position, 0);
                    yield return e;
                }
            }

            // Whether the run has ended or the connection broke, only the server can say.
            if (++failures > 1)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200 << Math.Min(failures, 5)), cancellationToken);
            }
        }
    }

    public void Dispose() => _http.Dispose();

    private static string PathOf(string id) => $"/api/runs/{Uri.EscapeDataString(id)}";

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

    private async Task<HttpResponseMessage?> TryOpenAsync(string id, long? last, int failures, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{PathOf(id)}/events");
        if (last is { } position)
        {
            request.Headers.Add("Last-Event-ID", position.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        try
        {
            HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            await DemandSuccessAsync(response, cancellationToken);
            return response;
        }
        catch (HttpRequestException) when (last is not null && failures < MaxReconnects)
        {
            return null;
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e);
        }
    }

    private async Task<T> SendAsync<T>(HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(method, path) { Content = content };
            using HttpResponseMessage response = await _http.SendAsync(request, cancellationToken);
            await DemandSuccessAsync(response, cancellationToken);
            return await response.Content.ReadFromJsonAsync<T>(Lenient, cancellationToken)
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

    private static async Task DemandSuccessAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode)
        {
            return;
        }

        string body = await response.Content.ReadAsStringAsync(cancellationToken);
        throw new ServerException(response.Content.Headers.ContentType?.MediaType == "application/problem+json"
            ? Describe(body)
            : $"the server answered {(int)response.StatusCode} {response.ReasonPhrase}; is it an AgentFunctions server?");
    }

    private static string Describe(string body)
    {
        ProblemResource problem = JsonSerializer.Deserialize<ProblemResource>(body, Lenient)!;
        return new StringBuilder(problem.Detail).Append(" (").Append(problem.Code).Append(')').ToString();
    }

    private ServerException Unreachable(HttpRequestException e) =>
        new($"cannot reach {_http.BaseAddress}: {e.Message} Is 'agentfunctions serve' running?", e);
}
