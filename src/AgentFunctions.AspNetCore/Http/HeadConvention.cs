using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Http;

/// <summary>Lets each address that is read be asked for its headers alone; the server leaves the body out.</summary>
internal static class HeadConvention
{
    public static void AnswerHead(this IEndpointConventionBuilder group) => group.Finally(static endpoint =>
    {
        for (int i = 0; i < endpoint.Metadata.Count; i++)
        {
            if (endpoint.Metadata[i] is IHttpMethodMetadata methods
                && methods.HttpMethods.Contains(HttpMethods.Get) && !methods.HttpMethods.Contains(HttpMethods.Head))
            {
                endpoint.Metadata[i] = new HttpMethodMetadata([.. methods.HttpMethods, HttpMethods.Head],
                    methods.AcceptCorsPreflight);
            }
        }
    });
}
