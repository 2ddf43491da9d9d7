using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Loop;
using AgentFunctions.Runs;

namespace AgentFunctions.Steps;

/// <summary>Makes the messages about runs: the host's own form for the caller's address, and the forms of protocols.</summary>
internal sealed class CallbackMessages(ReceiverStore receivers, IEnumerable<IReceiverForm> forms, TimeProvider time)
{
    /// <summary>Makes a message.</summary>
    /// <param name="run">The run.</param>
    /// <param name="input">What is told.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The message; <see langword="null"/> if there is nothing to tell any more.</returns>
    /// <exception cref="AgentException"><see cref="ErrorCode.EngineUnavailable"/>: another host has the form.</exception>
    public async Task<HttpRequestMessage?> OfAsync(RunRecord run, CallbackInput input, CancellationToken cancellationToken)
    {
        if (input.Receiver is not { } id)
        {
            return OfEnd(run, input);
        }

        if (await receivers.FindAsync(run.Id, id, cancellationToken).ConfigureAwait(false) is not { } receiver)
        {
            return null;
        }

        IReceiverForm form = forms.FirstOrDefault(one => one.Name == receiver.Form) ?? throw new AgentException(
            ErrorCode.EngineUnavailable, $"This host cannot make messages in the form '{receiver.Form}'; map that door on it.");
        ReceiverMessage? message = await form.MessageAsync(run.Id, receiver, input.Asked, cancellationToken)
            .ConfigureAwait(false);
        if (message is null)
        {
            return null;
        }

        var request = new HttpRequestMessage(HttpMethod.Post, receiver.Url)
        {
            Content = new ReadOnlyMemoryContent(message.Body) { Headers = { ContentType = new MediaTypeHeaderValue(message.MediaType) } },
        };
        request.Headers.Add("Idempotency-Key", $"{run.Id}/{input.Asked ?? $"end-{input.End}"}");
        foreach ((string name, string value) in message.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    private HttpRequestMessage OfEnd(RunRecord run, CallbackInput input)
    {
        DateTimeOffset now = time.GetUtcNow();
        string status = JsonNamingPolicy.CamelCase.ConvertName(input.Status.ToString());
        var request = new HttpRequestMessage(HttpMethod.Post, run.CallbackUrl)
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
        request.Headers.Add("Idempotency-Key", $"{run.Id}/ended/{input.End}");
        request.Headers.Add("webhook-id", $"{run.Id}.ended.{input.End}");
        request.Headers.Add("webhook-timestamp", now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        return request;
    }
}
