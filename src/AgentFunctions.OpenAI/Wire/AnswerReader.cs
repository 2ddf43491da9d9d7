using System.Text.Json;
using AgentFunctions.OpenAI.Resilience;
using Microsoft.Extensions.AI;

namespace AgentFunctions.OpenAI.Wire;

/// <summary>
/// Reads one answer, whatever the endpoint says that it is: an event stream or JSON, by what it holds. Comments and empty chunks
/// do not count as a sign of life: a stream that brings nothing else is given up.
/// </summary>
internal sealed class AnswerReader : IAsyncDisposable
{
    private readonly Stream _stream;
    private readonly WireLines _lines;
    private readonly ServerEventReader _events;
    private readonly WireAnswer _answer;
    private readonly AnswerLimits _limits;
    private readonly CancellationTokenSource _idle;
    private readonly CancellationTokenSource _total;
    private readonly CancellationTokenSource _linked;
    private readonly CancellationToken _cancellationToken;
    private bool _isOpen;
    private bool _isEnded;

    public AnswerReader(Stream stream, WireAnswer answer, AnswerLimits limits, TimeProvider time,
        CancellationToken cancellationToken)
    {
        _stream = new BoundedStream(stream, limits.Bytes);
        _answer = answer;
        _limits = limits;
        _isEnded = answer.IsFinished;
        _cancellationToken = cancellationToken;
        _lines = new WireLines(_stream);
        _events = new ServerEventReader(_lines);
        _idle = new CancellationTokenSource(_limits.Idle, time);
        _total = new CancellationTokenSource(_limits.Total, time);
        _linked = CancellationTokenSource.CreateLinkedTokenSource(_cancellationToken, _idle.Token, _total.Token);
    }

    /// <summary>Reads on.</summary>
    /// <returns>What can pass at once, perhaps nothing; <see langword="null"/> at the end of the answer.</returns>
    /// <exception cref="IOException">The stream broke off or was idle too long.</exception>
    /// <exception cref="NoAnswerException">It is no answer.</exception>
    /// <exception cref="AgentException">It is too long, or JSON that was cut.</exception>
    public async Task<List<AIContent>?> ReadAsync()
    {
        if (_isEnded)
        {
            return null;
        }

        try
        {
            return await NextAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (_answer.IsFinished && !_cancellationToken.IsCancellationRequested
            && e is IOException or HttpRequestException or OperationCanceledException)
        {
            // The answer was whole; only the connection did not end as it should.
            _isEnded = true;
            return null;
        }
        catch (OperationCanceledException) when (!_cancellationToken.IsCancellationRequested)
        {
            throw new IOException(_total.IsCancellationRequested
                ? $"The answer was not whole after {_limits.Total.TotalSeconds:0.#} s (AnswerTimeout)."
                : $"The stream brought nothing for {_limits.Idle.TotalSeconds:0.#} s (StreamIdleTimeout); comments do not count.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        _linked.Dispose();
        _idle.Dispose();
        _total.Dispose();
        await _stream.DisposeAsync().ConfigureAwait(false);
        _lines.Dispose();
    }

    private async Task<List<AIContent>?> NextAsync()
    {
        List<AIContent> contents = [];
        if (!_isOpen)
        {
            _isOpen = true;
            switch (await _lines.PeekAsync(_linked.Token).ConfigureAwait(false))
            {
                case (byte)'<':
                    throw NoAnswer(await _lines.ReadAllAsync(_linked.Token).ConfigureAwait(false), "an HTML page",
                        ModelErrors.PathRemedy);
                case (byte)'{' or (byte)'[':
                    _isEnded = true;
                    return await WholeAsync(contents).ConfigureAwait(false);
                case null:
                    throw new IOException("The answer is empty.");
            }
        }

        if (await _events.ReadAsync(_linked.Token).ConfigureAwait(false) is not { IsDone: false } next)
        {
            _isEnded = true;
            EndStream();
            return null;
        }

        bool counts = false;
        foreach (JsonElement chunk in Parse(next.Data.Span))
        {
            if (next.IsError && chunk.Member("choices") is null)
            {
                throw new ErrorInAnswerException(chunk.GetRawText());
            }

            counts |= _answer.Add(chunk, contents);
        }

        if (counts)
        {
            _idle.CancelAfter(_answer.IsFinished && _limits.Idle > AnswerLimits.Grace ? AnswerLimits.Grace : _limits.Idle);
        }

        return contents;
    }

    private void EndStream()
    {
        // [DONE] marks the end where no reason does; a stream that ends without either was cut.
        if (!_answer.IsFinished && _events.IsDone && _answer.HasBegun)
        {
            _answer.Finish();
        }
    }

    private async Task<List<AIContent>> WholeAsync(List<AIContent> contents)
    {
        ReadOnlyMemory<byte> body = await _lines.ReadAllAsync(_linked.Token).ConfigureAwait(false);
        foreach (JsonElement root in ParseWhole(body.Span))
        {
            _answer.Add(root, contents);
        }

        if (!_answer.HasBegun)
        {
            throw NoAnswer(body, "JSON without 'choices'", "check Endpoint");
        }

        _answer.Finish();
        return contents;
    }

    private static List<JsonElement> Parse(ReadOnlySpan<byte> data)
    {
        try
        {
            return WireJson.Parse(data);
        }
        catch (JsonException e)
        {
            // Half a chunk is what a broken connection or a failing proxy leaves: it may go well the next time.
            throw new IOException($"An event of the stream is no JSON: {e.Message}", e);
        }
    }

    private static List<JsonElement> ParseWhole(ReadOnlySpan<byte> body)
    {
        try
        {
            return WireJson.Parse(body);
        }
        catch (JsonException e)
        {
            // The model has written it; what is between cut it.
            throw new AgentException(ErrorCode.ModelStreamTruncated, $"the answer is no whole JSON: {e.Message}", e);
        }
    }

    private static NoAnswerException NoAnswer(ReadOnlyMemory<byte> body, string what, string remedy) => new(
        $"{what} ({Excerpt.Of(System.Text.Encoding.UTF8.GetString(body.Span[..Math.Min(body.Length, 2_000)]))})", remedy);
}
