using System.Text.Json;

namespace AgentFunctions.Runs;

/// <summary>Represents a receiver that is told when a run waits for people and when it has ended.</summary>
/// <param name="Id">The id, unique within the run.</param>
/// <param name="Form">The name of the <see cref="IReceiverForm"/> that makes its messages.</param>
/// <param name="Url">The absolute http or https address.</param>
/// <param name="Terms">What the form must know to make messages, such as credentials. Stored encrypted.</param>
public sealed record RunReceiver(string Id, string Form, string Url, JsonElement Terms);

/// <summary>Represents a message to a receiver.</summary>
/// <param name="MediaType">The media type of the body.</param>
/// <param name="Body">The body.</param>
/// <param name="Headers">Further headers.</param>
public sealed record ReceiverMessage(string MediaType, ReadOnlyMemory<byte> Body, IReadOnlyDictionary<string, string> Headers);

/// <summary>Makes the messages to receivers in the form of a protocol.</summary>
public interface IReceiverForm
{
    /// <summary>Gets the name that receivers are stored with.</summary>
    string Name { get; }

    /// <summary>Makes a message. It is made anew for each attempt.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="receiver">The receiver.</param>
    /// <param name="asked">The id of what people are asked; <see langword="null"/> for the end of the run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The message; <see langword="null"/> if there is nothing to tell any more.</returns>
    Task<ReceiverMessage?> MessageAsync(
        string runId, RunReceiver receiver, string? asked, CancellationToken cancellationToken = default);
}
