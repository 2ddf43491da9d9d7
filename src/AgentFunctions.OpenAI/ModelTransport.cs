using System.ClientModel.Primitives;
using AgentFunctions.OpenAI.Resilience;

namespace AgentFunctions.OpenAI;

/// <summary>Hands the OpenAI package's requests to the model's HTTP client and says which of them want a stream.</summary>
internal sealed class ModelTransport(HttpClient http) : HttpClientPipelineTransport(http)
{
    protected override void OnSendingRequest(PipelineMessage message, HttpRequestMessage httpRequest) =>
        httpRequest.Options.Set(ModelHttpHandler.Streaming, !message.BufferResponse);
}
