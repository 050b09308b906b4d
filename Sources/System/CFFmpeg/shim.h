#pragma once

#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/buffer.h>
#include <libavutil/channel_layout.h>
#include <libavutil/display.h>
#include <libavutil/hwcontext.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
#include <sys/prctl.h>

/* Macros and variadics that Swift cannot import. */
static inline int64_t sluice_av_nopts(void) { return AV_NOPTS_VALUE; }
static inline int sluice_averror_again(void) { return AVERROR(EAGAIN); }
static inline int sluice_averror_eof(void) { return AVERROR_EOF; }
static inline int sluice_averror_memory(void) { return AVERROR(ENOMEM); }
static inline int sluice_av_closed_gop(void) { return (int)AV_CODEC_FLAG_CLOSED_GOP; }
static inline int sluice_set_thread_name(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }
