using System.Text.Json;
using AgentFunctions.OpenAI.Resilience;
using Microsoft.Extensions.AI;

namespace AgentFunctions.OpenAI.Wire;

/// <summary>
/// Reads one answer, whatever the endpoint says that it is: an event stream or JSON, by what it holds. Comments and empty chunks do not
/// count as a sign of life: a stream that brings nothing else is given up.
/// </summary>
internal sealed class AnswerReader : IAsyncDisposable
{
    private readonly Stream stream;
    private readonly WireLines lines;
    private readonly ServerEventReader events;
    private readonly WireAnswer answer;
    private readonly AnswerLimits limits;
    private readonly CancellationTokenSource idle;
    private readonly CancellationTokenSource total;
    private readonly CancellationTokenSource linked;
    private readonly CancellationToken cancellationToken;
    private bool isOpen;
    private bool isEnded;

    public AnswerReader(Stream stream, WireAnswer answer, AnswerLimits limits, TimeProvider time, CancellationToken cancellationToken)
    {
        this.stream = new BoundedStream(stream, limits.Bytes);
        this.answer = answer;
        this.limits = limits;
        this.cancellationToken = cancellationToken;
        lines = new WireLines(this.stream);
        events = new ServerEventReader(lines);
        idle = new CancellationTokenSource(limits.Idle, time);
        total = new CancellationTokenSource(limits.Total, time);
        linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, idle.Token, total.Token);
    }

    /// <summary>Reads on.</summary>
    /// <returns>What can pass at once, perhaps nothing; <see langword="null"/> at the end of the answer.</returns>
    /// <exception cref="IOException">The stream broke off or was idle too long.</exception>
    /// <exception cref="AgentException">It is no answer, or too long.</exception>
    public async Task<List<AIContent>?> ReadAsync()
    {
        if (isEnded)
        {
            return null;
        }

        try
        {
            return await NextAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (answer.IsFinished && !cancellationToken.IsCancellationRequested && e is IOException or HttpRequestException or OperationCanceledException)
        {
            // The answer was whole; only the connection did not end as it should.
            isEnded = true;
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException(total.IsCancellationRequested
                ? $"The answer was not whole after {limits.Total.TotalSeconds:0.#} s (AnswerTimeout)."
                : $"The stream brought nothing for {limits.Idle.TotalSeconds:0.#} s (StreamIdleTimeout); comments do not count.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        linked.Dispose();
        idle.Dispose();
        total.Dispose();
        await stream.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<List<AIContent>?> NextAsync()
    {
        List<AIContent> contents = [];
        if (!isOpen)
        {
            isOpen = true;
            switch (await lines.PeekAsync(linked.Token).ConfigureAwait(false))
            {
                case (byte)'<':
                    throw NoAnswer(await lines.ReadAllAsync(linked.Token).ConfigureAwait(false), "an HTML page", "check that Endpoint ends with the API's path, such as /v1");
                case (byte)'{' or (byte)'[':
                    isEnded = true;
                    return await WholeAsync(contents).ConfigureAwait(false);
                case null:
                    throw new IOException("The answer is empty.");
            }
        }

        if (await events.ReadAsync(linked.Token).ConfigureAwait(false) is not { IsDone: false } next)
        {
            isEnded = true;
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

            counts |= answer.Add(chunk, contents);
        }

        if (counts)
        {
            idle.CancelAfter(answer.IsFinished && limits.Idle > AnswerLimits.Grace ? AnswerLimits.Grace : limits.Idle);
        }

        return contents;
    }

    private void EndStream()
    {
        // [DONE] marks the end where no reason does; a stream that ends without either was cut.
        if (!answer.IsFinished && events.IsDone && answer.HasBegun)
        {
            answer.Finish();
        }
    }

    private async Task<List<AIContent>> WholeAsync(List<AIContent> contents)
    {
        ReadOnlyMemory<byte> body = await lines.ReadAllAsync(linked.Token).ConfigureAwait(false);
        foreach (JsonElement root in WireJson.Parse(body.Span))
        {
            answer.Add(root, contents);
        }

        if (!answer.HasBegun)
        {
            throw NoAnswer(body, "JSON without 'choices'", "check Endpoint");
        }

        answer.Finish();
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

    private static AgentException NoAnswer(ReadOnlyMemory<byte> body, string what, string remedy) => new(
        ErrorCode.ModelProtocolError,
        $"the endpoint answered with {what} ({Excerpt.Of(System.Text.Encoding.UTF8.GetString(body.Span[..Math.Min(body.Length, 2_000)]))}); {remedy}.");
}
