using System.Text;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Tools.OpenApi;

/// <summary>The text of a description at one time.</summary>
/// <param name="Text">The text.</param>
/// <param name="Origin">Where it came from, for errors.</param>
/// <param name="Url">Its address; <see langword="null"/> for a file.</param>
internal sealed record OpenApiDocument(string Text, string Origin, Uri? Url);

/// <summary>Reads a description from its file when that changed, or from its address from time to time; keeps the last good one.</summary>
internal sealed class OpenApiDocumentSource(OpenApiOptions options, IHttpClientFactory http, ILogger logger, TimeProvider time)
{
    private const int MaxBytes = 16 << 20;

    private readonly SemaphoreSlim _gate = new(1, 1);
    private OpenApiDocument? _latest;
    private (DateTime WrittenAt, long Length) _file;
    private DateTimeOffset _fetchAfter;

    public async Task<OpenApiDocument> GetAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return _latest = Uri.TryCreate(options.Document, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https"
                ? await FetchAsync(url, cancellationToken).ConfigureAwait(false)
                : await ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (
            e is IOException or UnauthorizedAccessException or HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            if (_latest is null)
            {
                throw new AgentException(ErrorCode.ToolUnavailable, $"The API description {options.Document} cannot be read: {e.Message}", e);
            }

            OpenApiLog.Stale(logger, options.Document, e.Message);
            return _latest;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<OpenApiDocument> ReadAsync(CancellationToken cancellationToken)
    {
        var file = new FileInfo(options.Document);
        (DateTime, long) state = (file.LastWriteTimeUtc, file.Exists ? file.Length : -1);
        if (_latest is not null && state == _file)
        {
            return _latest;
        }

        string text = await File.ReadAllTextAsync(file.FullName, cancellationToken).ConfigureAwait(false);
        _file = state;
        return text == _latest?.Text ? _latest : new OpenApiDocument(text, options.Document, null);
    }

    private async Task<OpenApiDocument> FetchAsync(Uri url, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (_latest is not null && now < _fetchAfter)
        {
            return _latest;
        }

        _fetchAfter = now + options.RefreshAfter;
        using HttpClient client = http.CreateClient(options.HttpClientName);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(options.Timeout);
        using HttpResponseMessage response = await client.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, timeout.Token).ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
        await response.Content.LoadIntoBufferAsync(MaxBytes, timeout.Token).ConfigureAwait(false);
        string text = Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync(timeout.Token).ConfigureAwait(false));
        return text == _latest?.Text ? _latest : new OpenApiDocument(text, options.Document, url);
    }
}
