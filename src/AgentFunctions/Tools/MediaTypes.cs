namespace AgentFunctions.Tools;

/// <summary>File name extensions of the media types that tools return.</summary>
internal static class MediaTypes
{
    public static string Extension(string mediaType) => mediaType.Split(';')[0].Trim().ToLowerInvariant() switch
    {
        "image/png" => ".png",
        "image/jpeg" => ".jpg",
        "image/gif" => ".gif",
        "image/webp" => ".webp",
        "image/svg+xml" => ".svg",
        "audio/mpeg" => ".mp3",
        "audio/wav" or "audio/x-wav" => ".wav",
        "application/pdf" => ".pdf",
        "application/json" => ".json",
        "application/gzip" => ".gz",
        "application/zip" => ".zip",
        "text/plain" => ".txt",
        "text/html" => ".html",
        "text/csv" => ".csv",
        _ => ".bin",
    };
}
