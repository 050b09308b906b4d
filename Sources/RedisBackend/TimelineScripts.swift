// What the scripts share:
//
//   KEYS[1] the records   KEYS[2] the state   KEYS[3] the set of all timelines
//   ARGV[1] the fence     ARGV[2] the time to live, in ms   ARGV[3] the stream
//
// A fence is written with 20 digits, so that the order of texts is the order of numbers over all 64 bits. Numbers of
// records are below 2^53, which Lua calculates with exactly; they are stored as they were given, because Lua would
// write large ones in another form.

/// The scripts that write timelines.
enum TimelineScripts {
    /// Refuses a writer with a lower fence than the highest seen, and remembers a higher one.
    private static let checkFence = """
        local fence = redis.call('HGET', KEYS[2], 'fence')
        if fence and fence > ARGV[1] then
            return redis.error_reply('FENCED another process writes for the stream now')
        end
        redis.call('HSET', KEYS[2], 'fence', ARGV[1])
        redis.call('PEXPIRE', KEYS[2], ARGV[2])

        """

    /// Lets all keys live on.
    private static let renew = """
        redis.call('PEXPIRE', KEYS[1], ARGV[2])
        redis.call('SADD', KEYS[3], ARGV[3])
        redis.call('PEXPIRE', KEYS[3], ARGV[2])
        return 1

        """

    /// ARGV[4] the number of the record, ARGV[5] the first to keep, ARGV[6] the record.
    static let append = RedisScript(
        checkFence + """
            local number, keep = tonumber(ARGV[4]), tonumber(ARGV[5])
            local count = redis.call('LLEN', KEYS[1])
            local first = keep
            if count > 0 then
                first = tonumber(redis.call('HGET', KEYS[2], 'first') or '-1')
                if first < 0 or first > keep or number > first + count then return 0 end
            elseif keep < number then
                return 0
            end
            if number == first then
                redis.call('DEL', KEYS[1])
            elseif number < first + count then
                redis.call('LTRIM', KEYS[1], 0, number - first - 1)
            end
            redis.call('RPUSH', KEYS[1], ARGV[6])
            if keep > first then redis.call('LTRIM', KEYS[1], keep - first, -1) end
            redis.call('HSET', KEYS[2], 'first', ARGV[5])

            """ + renew)

    /// ARGV[4] the number of the first record, ARGV[5...] the records.
    static let replace = RedisScript(
        checkFence + """
            redis.call('DEL', KEYS[1])
            if #ARGV < 5 then
                redis.call('HDEL', KEYS[2], 'first')
                redis.call('SREM', KEYS[3], ARGV[3])
                return 1
            end
            for from = 5, #ARGV, 1000 do
                redis.call('RPUSH', KEYS[1], unpack(ARGV, from, math.min(from + 999, #ARGV)))
            end
            redis.call('HSET', KEYS[2], 'first', ARGV[4])

            """ + renew)

    /// Takes a stream whose timeline expired out of the set; KEYS[2] is not used.
    static let forgetExpired = RedisScript(
        """
        if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('SREM', KEYS[3], ARGV[1]) end
        return 1

        """)
}
