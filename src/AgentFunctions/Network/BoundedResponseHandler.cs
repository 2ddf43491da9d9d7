using System.Globalization;
using System.Net;
using AgentFunctions.Core;

namespace AgentFunctions.Network;

/// <summary>
/// Ends answers that are longer than anybody could use. Of a stream of events each one has the limit for itself.
/// </summary>
internal sealed class BoundedResponseHandler(long limit) : DelegatingHandler
{
    private const string EventStream = "text/event-stream";

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        bool isEvents = response.Content.Headers.ContentType?.MediaType == EventStream;
        if (!isEvents && response.Content.Headers.ContentLength > limit)
        {
            response.Dispose();
            throw TooLong(limit);
        }

        response.Content = new BoundedContent(response.Content, limit, isEvents);
        return response;
    }

    private static HttpRequestException TooLong(long limit) => new(
        HttpRequestError.ConfigurationLimitExceeded,
        string.Create(CultureInfo.InvariantCulture, $"The answer is longer than {limit} bytes."));

    private sealed class BoundedContent : HttpContent
    {
        private readonly HttpContent _inner;
        private readonly long _limit;
        private readonly bool _isEvents;

        public BoundedContent(HttpContent inner, long limit, bool isEvents)
        {
            (_inner, _limit, _isEvents) = (inner, limit, isEvents);
            foreach ((string name, IEnumerable<string> values) in inner.Headers)
            {
                Headers.TryAddWithoutValidation(name, values);
            }
        }

        protected override async Task<Stream> CreateContentReadStreamAsync() =>
            new BoundedStream(await _inner.ReadAsStreamAsync().ConfigureAwait(false), _limit, _isEvents);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            using Stream content = await CreateContentReadStreamAsync().ConfigureAwait(false);
            await content.CopyToAsync(stream).ConfigureAwait(false);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _inner.Headers.ContentLength ?? 0;
            return _inner.Headers.ContentLength is not null;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }

    private sealed class BoundedStream(Stream inner, long limit, bool isEvents) : ReadOnlyStream(inner)
    {
        private long _length;
        private bool _isLineEmpty;

        public override int Read(byte[] buffer, int offset, int count) =>
            Count(buffer.AsSpan(offset, Inner.Read(buffer, offset, count)));

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = await Inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            return Count(buffer.Span[..read]);
        }

        private int Count(ReadOnlySpan<byte> read)
        {
            _length += read.Length;
            if (isEvents)
            {
                Restart(read);
            }

            return _length <= limit ? read.Length : throw TooLong(limit);
        }

        /// <summary>An event ends with an empty line: what follows the last one is what counts.</summary>
        private void Restart(ReadOnlySpan<byte> read)
        {
            for (int i = 0; i < read.Length; i++)
            {
                if (read[i] == '\n')
                {
                    _length = _isLineEmpty ? read.Length - i - 1 : _length;
                    _isLineEmpty = true;
                }
                else if (read[i] != '\r')
                {
                    _isLineEmpty = false;
                }
            }
        }
    }
}
