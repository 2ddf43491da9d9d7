using System.Text.Json;

namespace AgentFunctions.OpenApi;

/// <summary>One operation of an API, ready to be called.</summary>
/// <param name="Id">Its id: the description's own, or made of method and path.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Method">The HTTP method.</param>
/// <param name="BaseUrl">The address that the path is appended to.</param>
/// <param name="Path">The path with its parameters in braces.</param>
/// <param name="Parameters">The parameters.</param>
/// <param name="Body">The argument that holds the body, and its media type; <see langword="null"/> for none.</param>
/// <param name="Schema">The JSON schema of all arguments together.</param>
/// <param name="Effect">What it does to the world.</param>
internal sealed record OpenApiOperation(
    string Id, string Description, HttpMethod Method, Uri BaseUrl, string Path, IReadOnlyList<OpenApiParameter> Parameters,
    OpenApiBody? Body,
    JsonElement Schema, ToolEffect Effect);

/// <summary>A parameter of an operation.</summary>
/// <param name="Argument">The argument that holds it.</param>
/// <param name="Name">Its name in the request.</param>
/// <param name="Place">Where it stands in the request.</param>
/// <param name="Style">How it is written.</param>
internal sealed record OpenApiParameter(string Argument, string Name, OpenApiLocation Place, OpenApiStyle Style);

/// <summary>How a value is written, by the standard's names.</summary>
/// <param name="Name">
/// <c>simple</c>, <c>label</c>, <c>matrix</c>, <c>form</c>, <c>spaceDelimited</c>, <c>pipeDelimited</c>, <c>deepObject</c>, or
/// <c>json</c> for a parameter that has a media type.
/// </param>
/// <param name="Explode">Whether each item and member stands on its own.</param>
/// <param name="AllowReserved">Whether characters that structure an address stand as they are.</param>
internal sealed record OpenApiStyle(string Name, bool Explode, bool AllowReserved = false);

/// <summary>Where a parameter stands.</summary>
internal enum OpenApiLocation
{
    /// <summary>In the path.</summary>
    Path,

    /// <summary>After the question mark.</summary>
    Query,

    /// <summary>In a header.</summary>
    Header,
}
