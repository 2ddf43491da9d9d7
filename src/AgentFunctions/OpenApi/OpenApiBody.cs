using AgentFunctions.Tools;

namespace AgentFunctions.OpenApi;

/// <summary>The body of a request.</summary>
/// <param name="Argument">The argument that holds it.</param>
/// <param name="Form">How it is written.</param>
/// <param name="MediaType">Its media type; for a file it may be a range such as <c>image/*</c>.</param>
internal sealed record OpenApiBody(string Argument, OpenApiBodyForm Form, string MediaType)
{
    /// <summary>
    /// Gets how the fields of a form are written that say so; others are written as <c>form</c>, objects as JSON.
    /// </summary>
    public IReadOnlyDictionary<string, OpenApiStyle> Fields { get; init; } = new Dictionary<string, OpenApiStyle>();

    /// <summary>Gets the fields of a multipart form that are files, or have a media type or headers of their own.</summary>
    public IReadOnlyDictionary<string, OpenApiPart> Parts { get; init; } = new Dictionary<string, OpenApiPart>();

    /// <summary>
    /// Gets the argument that holds the headers of parts, by field and name; <see langword="null"/> if no part has any.
    /// </summary>
    public string? HeadersArgument { get; init; }
}

/// <summary>How a body is written.</summary>
internal enum OpenApiBodyForm
{
    /// <summary>As JSON.</summary>
    Json,

    /// <summary>As a form in one line.</summary>
    Form,

    /// <summary>As a form with a part for each field.</summary>
    Multipart,

    /// <summary>As text, which the argument is.</summary>
    Text,

    /// <summary>As the content of a file, which the argument names.</summary>
    File,
}

/// <summary>A field of a multipart form.</summary>
/// <param name="IsFile">Whether it is the content of a file that the argument names.</param>
/// <param name="IsBase64">Whether the content of the file is sent as base64.</param>
/// <param name="MediaTypes">The media types that it may have, ranges too; none if the kind of value decides.</param>
internal sealed record OpenApiPart(bool IsFile, bool IsBase64, IReadOnlyList<string> MediaTypes);
