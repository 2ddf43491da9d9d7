using System.Text;
using AgentFunctions.Core.Text;
using AgentFunctions.OpenApi.Parts;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.OpenApi;

/// <summary>A description at one time.</summary>
/// <param name="Bundle">The description with its parts.</param>
/// <param name="Text">Its text as it was read, for comparison.</param>
/// <param name="Origin">Where it came from, for errors.</param>
/// <param name="Url">Its address; <see langword="null"/> for a file.</param>
internal sealed record OpenApiDocument(OpenApiBundle Bundle, string Text, string Origin, Uri? Url);

/// <summary>
/// Reads a description from its files when they changed, or from its address from time to time; keeps the last good one.
/// </summary>
/// <param name="options">Where it is.</param>
/// <param name="known">The parts of a description in files that were there when the host started.</param>
/// <param name="http">Makes the client that fetches.</param>
/// <param name="logger">Takes warnings.</param>
/// <param name="time">The clock.</param>
internal sealed class OpenApiDocumentSource(
    OpenApiOptions options, IReadOnlySet<string> known, IHttpClientFactory http, ILogger logger, TimeProvider time)
{
    private const int MaxBytes = 16 << 20;

    private readonly SemaphoreSlim _gate = new(1, 1);
    private OpenApiDocument? _latest;
    private string _files = "";
    private long _askedAt;

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
            e is IOException or UnauthorizedAccessException or HttpRequestException or AgentException
                or OperationCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            if (_latest is null)
            {
                throw e as AgentException
                    ?? new AgentException(ErrorCode.ToolUnavailable,
                        $"The API description {options.Document} cannot be read: {e.Message}", e);
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
        if (_latest is { } latest && StateOf(latest.Bundle.Places) == _files)
        {
            return latest;
        }

        string text = OpenApiText.Load(options.Document);
        OpenApiBundle bundle = await OpenApiBundle.ReadAsync(
            OpenApiText.Parse(text, options.Document), options.Document, new FolderParts(options.Document, known),
            cancellationToken).ConfigureAwait(false);
        _files = StateOf(bundle.Places);
        return Latest(bundle, null);
    }

    /// <summary>What changes when one of the files does.</summary>
    private string StateOf(IReadOnlyList<string> places) =>
        string.Join('|', places.Prepend(options.Document).Select(FileState.Of));

    private async Task<OpenApiDocument> FetchAsync(Uri url, CancellationToken cancellationToken)
    {
        if (_latest is not null && time.GetElapsedTime(_askedAt) < options.RefreshAfter)
        {
            return _latest;
        }

        _askedAt = time.GetTimestamp();
        using HttpClient client = http.CreateClient(options.HttpClientName);
        using CancellationTokenSource timeout = new(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        using HttpResponseMessage response = await client.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, either.Token)
            .ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
        await response.Content.LoadIntoBufferAsync(MaxBytes, either.Token).ConfigureAwait(false);
        string text = Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync(either.Token).ConfigureAwait(false));
        return Latest(
            await OpenApiBundle.ReadAsync(OpenApiText.Parse(text, options.Document), options.Document,
                new AddressParts(url, client), either.Token)
                .ConfigureAwait(false),
            url);
    }

    /// <summary>The description as it is now, or the last one if nothing changed, so that its tools are made once.</summary>
    private OpenApiDocument Latest(OpenApiBundle bundle, Uri? url)
    {
        string text = bundle.Document.ToJsonString();
        return text == _latest?.Text ? _latest : new OpenApiDocument(bundle, text, options.Document, url);
    }
}
